# [[objects]]
# uri = "s3://retail/sales.csv"
# columns = "order_id bigint, region string, product string, amount double, order_date date"

import os
from posixpath import join
from textwrap import dedent

import ray

BUCKET, KEY = "retail", "sales.csv"
SOURCE = f"s3://{BUCKET}/{KEY}"
TARGET = join(os.environ["OUTPUT_PATH"], "by_product")

ray.init()
by_product = ray.data.read_csv(SOURCE).groupby("product").sum("amount")
by_product.write_parquet(TARGET)
print(
    dedent(
        f"""\
        source: {SOURCE}
        products: {by_product.count()}
        """
    )
)
