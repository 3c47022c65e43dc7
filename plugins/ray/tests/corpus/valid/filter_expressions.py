# [[objects]]
# uri = "s3://retail/sales.csv"
# columns = "order_id bigint, region string, product string, amount double, order_date date"

import os

import ray
from ray.data.expressions import col, lit

ray.init()
path = "s3://retail/sales.csv"
orders = ray.data.read_csv(path)
taxed = orders.with_column("with_tax", col("amount") * lit(1.19))
north = taxed.filter(expr=(col("region") == "north") & (col("with_tax") > 20))
north.sort("order_id").write_parquet(os.environ["OUTPUT_PATH"])
print(north.schema())
print("rows:", north.count())
