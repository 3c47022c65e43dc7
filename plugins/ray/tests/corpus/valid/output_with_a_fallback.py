# [[objects]]
# uri = "s3://retail/sales.csv"
# columns = "order_id bigint, region string, product string, amount double, order_date date"

import os
import ray

output = os.environ.get("OUTPUT_PATH")
if not output:
    output = "/tmp/output"


ray.init()
ray.data.read_csv("s3://retail/sales.csv").limit(100).write_parquet(output)
