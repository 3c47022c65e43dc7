# [[objects]]
# uri = "s3://retail/sales.csv"
# columns = "order_id bigint, region string, product string, amount double, order_date date"

import os

from pyspark.sql import SparkSession
from pyspark.sql import functions as F

spark = SparkSession.builder.getOrCreate()
df = spark.read.csv("s3://retail/sales.csv", header=True, inferSchema=True)
OPTIONAL = {"discount": F.lit(0.0), "currency": F.lit("EUR"), "region": F.lit("none")}
for name, default in OPTIONAL.items():
    df = df.withColumn(name, F.coalesce(F.col(name), default) if name in df.columns else default)


def col_or(frame, name, default=None):
    return F.col(name) if name in frame.columns else F.lit(default)


def first_of(frame, *names):
    found = [n for n in names if n in frame.columns]
    return F.coalesce(*[F.col(n) for n in found]) if found else F.lit(None)


def safe_drop(frame, *names):
    return frame.drop(*[n for n in names if n in frame.columns])


def safe_select(frame, names):
    return frame.select([n for n in names if n in frame.columns])


out = df.select(
    col_or(df, "price", 1).alias("p"),
    col_or(df, "amount").alias("a"),
    first_of(df, "cost", "amount").alias("c"),
    "discount",
    "currency",
)
x = safe_select(safe_drop(df, "foo", "product"), ["region", "foo", "amount"]).select("amount")
y = df
for c in set(["foo", "amount"]).intersection(y.columns):
    y = y.withColumn(c + "_2", F.col(c))
y = y.select(*[c for c in y.columns if c.endswith("_2")])
renames = {"foo": "bar", "region": "area"}
z = df.select([F.col(c).alias(renames.get(c, c)) for c in df.columns]).select("area", "amount")
w = df.withColumnsRenamed(renames).select("area")
v = df.withColumnRenamed("nothing", "something").drop("nothing").select("region")
for q in (x, y, z, w, v):
    q.show()
out.write.mode("overwrite").parquet(os.environ["OUTPUT_PATH"])
