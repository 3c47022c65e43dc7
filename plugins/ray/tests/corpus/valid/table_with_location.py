# [[tables]]
# name = "sales.orders"
# columns = "id bigint, total double, dt string"
# partitions = ["dt"]

import os
import ray

ray.init()
orders = ray.data.read_parquet("s3://warehouse/sales/orders/")
daily = orders.groupby("dt").sum("total").sort("dt")
daily.write_parquet(os.environ["OUTPUT_PATH"].rstrip("/") + "/daily")
daily.show(31)
