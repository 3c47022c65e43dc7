# [[objects]]
# uri = "s3://sensors/readings/"
# format = "parquet"
# columns = "device string, value double, at timestamp"

import os

import pyarrow.compute as pc
import pyarrow.dataset as ds
import ray

ray.init()


@ray.remote(num_returns=2)
def scan(source: str, threshold: float):
    table = ds.dataset(source, format="parquet").to_table(columns=["device", "value"], filter=ds.field("value") > threshold)
    return table.num_rows, pc.mean(table["value"]).as_py()


rows, mean = ray.get(scan.remote("s3://sensors/readings/", 0.5))
print(f"{rows} readings above the threshold, {mean} on average")
ray.data.read_parquet("s3://sensors/readings/").groupby("device").mean("value").write_parquet(os.environ["OUTPUT_PATH"])
