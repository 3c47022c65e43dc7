# platform = "cluster"
# [[objects]]
# uri = "s3://logs/requests/"
# format = "json"
# columns = "path string, status bigint, bytes bigint"

import os

import ray

ray.init(address=os.environ.get("RAY_ADDRESS", "auto"))
print("nodes:", len(ray.nodes()), "cores:", ray.cluster_resources().get("CPU"))

requests = ray.data.read_json("s3://logs/requests/")
errors = requests.filter(lambda request: request["status"] >= 500, num_cpus=0.5)
errors.groupby("path").count().write_parquet(os.environ["OUTPUT_PATH"])
requests.groupby("status").sum("bytes").show()
