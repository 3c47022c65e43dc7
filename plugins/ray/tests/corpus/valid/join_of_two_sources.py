# [[objects]]
# uri = "s3://shop/orders/"
# format = "parquet"
# columns = "order_id bigint, customer_id bigint, amount double"
# [[objects]]
# uri = "s3://shop/customers.csv"
# columns = "customer_id bigint, name string, country string"

import os

import ray

ray.init()
orders = ray.data.read_parquet("s3://shop/orders/")
customers = ray.data.read_csv("s3://shop/customers.csv")
joined = orders.join(customers, join_type="inner", num_partitions=4, on=("customer_id",))
by_country = joined.groupby("country").sum("amount")
by_country.sort("country").write_parquet(os.environ["OUTPUT_PATH"].rstrip("/") + "/by_country")
by_country.show()
