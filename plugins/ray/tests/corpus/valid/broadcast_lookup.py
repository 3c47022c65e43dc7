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
output = os.environ["OUTPUT_PATH"].rstrip("/")
lookup = ray.put({row["customer_id"]: row["country"] for row in ray.data.read_csv("s3://shop/customers.csv").iter_rows()})


class AddCountry:
    def __init__(self, reference):
        self.countries = ray.get(reference)

    def __call__(self, batch):
        batch["country"] = [self.countries.get(int(key), "unknown") for key in batch["customer_id"]]
        return batch


orders = ray.data.read_parquet("s3://shop/orders/").map_batches(
    AddCountry, fn_constructor_kwargs={"reference": lookup}, concurrency=(1, 2), batch_format="pandas"
)
orders.write_parquet(f"{output}/orders_with_country")
print(orders.groupby("country").count().take(20))
