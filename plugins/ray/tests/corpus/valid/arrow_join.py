# [[objects]]
# uri = "s3://shop/orders.csv"
# columns = "order_id bigint, customer_id bigint, amount double"
# [[objects]]
# uri = "s3://shop/customers.csv"
# columns = "customer_id bigint, name string, country string"

import os
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import ray

ray.init()


def collect(path: str) -> pa.Table:
    return pa.concat_tables(ray.get(ray.data.read_csv(path).to_arrow_refs()))


orders, customers = collect("s3://shop/orders.csv"), collect("s3://shop/customers.csv")
joined = orders.join(customers, keys="customer_id", join_type="left outer")
grouped = joined.group_by("country").aggregate([("amount", "sum"), ("order_id", "count")]).sort_by("country")
print(grouped.to_pandas(), "in all", pc.sum(grouped["amount_sum"]).as_py())
pq.write_table(grouped, os.environ["OUTPUT_PATH"] + "/countries/0.parquet", compression="zstd")
