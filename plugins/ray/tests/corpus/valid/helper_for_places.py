# [[objects]]
# uri = "s3://retail/sales.csv"
# columns = "order_id bigint, store_id bigint, amount double"
# [[objects]]
# uri = "s3://ref/stores.csv"
# columns = "store_id bigint, city string"

import os
import ray


def s3(bucket, key):
    return f"s3://{bucket}/{key}"


ray.init()
sales = ray.data.read_csv(s3("retail", "sales.csv"))
stores = ray.data.read_csv(s3("ref", "stores.csv"))
joined = sales.join(stores, join_type="inner", num_partitions=2, on=("store_id",))
joined.write_parquet(os.environ["OUTPUT_PATH"])
