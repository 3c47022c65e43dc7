# [[objects]]
# uri = "s3://retail/sales.csv"
# columns = "order_id bigint, region string, product string, amount double, order_date date"

import os

from pyspark.sql import SparkSession
from pyspark.sql import functions as F

spark = SparkSession.builder.getOrCreate()
df = spark.read.csv("s3://retail/sales.csv", header=True, inferSchema=True)
current = None


def use(frame):
    global current
    current = frame


def counter():
    seen = []

    def see(df):
        nonlocal seen
        seen = seen + [df]
        return df.withColumn("seen", F.lit(len(seen)))

    return see


def swap(df, left, right):
    return df.withColumnRenamed(left, "_swap").withColumnRenamed(right, left).withColumnRenamed("_swap", right)


use(df.withColumn("extra", F.lit(1)))
current.select("extra", "region").show()
see = counter()
columns = [c for c in df.columns if c != "order_date"]
for c in columns:
    df = df.withColumn(c, F.trim(F.col(c)))
del c
names = {c: f"{c}_x" for c in columns}
df = see(df.select(*[F.col(old).alias(new) for old, new in names.items()], "order_date"))
df = swap(df, "region_x", "product_x")
while df.count() > 1_000_000:
    df = df.sample(0.5).withColumn("sampled", F.lit(True))
(first, *rest), last = ["region_x", "amount_x"], "seen"
df.select(first, *rest, last, "product_x").write.mode("overwrite").parquet(os.environ["OUTPUT_PATH"])
