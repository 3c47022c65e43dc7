# [[objects]]
# uri = "s3://retail/sales.csv"
# columns = "order_id bigint, region string, product string, amount double, order_date date"

import os, ray
ray.init()
ray.data.read_csv("s3://retail/sales.csv").groupby("product").max("amount").write_csv(os.environ["OUTPUT_PATH"])
