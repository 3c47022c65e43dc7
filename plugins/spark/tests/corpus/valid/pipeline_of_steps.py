# [[objects]]
# uri = "s3://retail/sales.csv"
# columns = "order_id bigint, region string, product string, amount double, order_date date"

import os
from functools import partial, reduce

from pyspark.sql import SparkSession
from pyspark.sql import functions as F


def only_positive(df, column):
    return df.where(F.col(column) > 0)


def add_month(df):
    return df.withColumn("month", F.date_format("order_date", "yyyy-MM"))


def rename(df, names):
    for old, new in names.items():
        df = df.withColumnRenamed(old, new)
    return df


def totals(df, *keys, measure="amount"):
    return df.groupBy(*keys).agg(F.sum(measure).alias("total_" + measure))


STEPS = [
    partial(only_positive, column="amount"),
    add_month,
    lambda df: rename(df, {"region": "area", "product": "item"}),
    lambda df: totals(df, "area", "month"),
]

spark = SparkSession.builder.getOrCreate()
sales = spark.read.csv("s3://retail/sales.csv", header=True, inferSchema=True)
result = reduce(lambda df, step: step(df), STEPS, sales)
same = sales
for step in STEPS[:3]:
    same = step(same)
same = same.transform(totals, "area", "month", measure="amount")
result.union(same).orderBy("area", "month", F.desc("total_amount")).write.mode("overwrite").parquet(os.environ["OUTPUT_PATH"])
