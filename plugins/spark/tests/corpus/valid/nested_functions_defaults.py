# [[objects]]
# uri = "s3://bank/accounts.csv"
# columns = "account bigint, owner string, balance double, opened date, closed boolean"

import os
from functools import partial
from pyspark.sql import SparkSession, functions as F

spark = SparkSession.builder.getOrCreate()


def load(name, *, session=spark, root="s3://bank", **options):
    merged = {"header": True, "inferSchema": True, **options}
    return session.read.options(**merged).csv(f"{root}/{name}.csv")


def save(df, name="result", base=os.environ["OUTPUT_PATH"]):
    target = base if base.endswith("/") else base + "/"
    df.write.mode("overwrite").parquet(target + name)


load_accounts = partial(load, "accounts")
accounts = load_accounts()
open_accounts = accounts.filter(~F.col("closed"))
save(open_accounts.groupBy(F.year("opened").alias("year")).agg(F.sum("balance").alias("balance")))
save(open_accounts.orderBy(F.col("balance").desc()).limit(10), name="top")
