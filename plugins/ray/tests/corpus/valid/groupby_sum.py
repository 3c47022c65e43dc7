# [[objects]]
# uri = "s3://retail/sales.csv"
# columns = "order_id bigint, region string, product string, amount double, order_date date"

import os

import ray

ray.init()
output = os.environ["OUTPUT_PATH"]

sales = ray.data.read_csv("s3://retail/sales.csv")
totals = sales.groupby("region").sum("amount").sort("region")
totals.write_parquet(output.rstrip("/") + "/totals")
totals.show(20)
