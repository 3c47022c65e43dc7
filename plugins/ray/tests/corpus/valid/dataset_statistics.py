# [[objects]]
# uri = "s3://retail/sales.csv"
# columns = "order_id bigint, region string, product string, amount double, order_date date"

import ray

ray.init()
data = ray.data.read_csv("s3://retail/sales.csv")
print("rows      ", data.count())
print("total     ", data.sum("amount"))
print("mean      ", data.mean("amount"))
print("deviation ", data.std("amount"))
print("range     ", data.min("amount"), "to", data.max("amount"))
print("regions   ", sorted(str(region) for region in data.unique("region")))
