# [[objects]]
# uri = "s3://retail/sales.csv"
# columns = "order_id bigint, region string, product string, amount double, order_date date"

import os

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.utils import AnalysisException


def has_column(df: DataFrame, name: str) -> bool:
    try:
        df[name]
        return True
    except AnalysisException:
        return False


def with_default(df, name, value):
    if name not in df.columns:
        df = df.withColumn(name, F.lit(value))
    return df


def first_of(df, *names):
    for name in names:
        if name in df.columns:
            return F.col(name)
    return F.lit(None)


def drop_if_there(df, name):
    return df.drop(name) if name in [c.lower() for c in df.columns] else df


spark = SparkSession.builder.getOrCreate()
sales = spark.read.csv("s3://retail/sales.csv", header=True, inferSchema=True)
sales = with_default(sales, "discount", 0.0).withColumn("net", F.col("amount") - F.col("discount"))
sales = drop_if_there(sales, "channel")
if has_column(sales, "channel"):
    sales = sales.filter(F.col("channel") == "web")
if "cost" in sales.columns:
    sales = sales.withColumn("margin", F.col("net") - F.col("cost"))
else:
    sales = sales.withColumn("margin", F.col("net"))
sales = sales.withColumn("place", first_of(sales, "store", "shop", "region"))
sales.groupBy("place").agg(F.sum("margin").alias("margin")).write.mode("overwrite").parquet(os.environ["OUTPUT_PATH"])
