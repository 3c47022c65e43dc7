# [[objects]]
# uri = "s3://retail/sales.csv"
# columns = "order_id bigint, region string, product string, amount double, order_date date"

import os
from typing import Optional
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F


def both(left: Optional[Column], right: Column) -> Column:
    return right if left is None else left & right


def search(df: DataFrame, region=None, least=None, newest_first=True) -> DataFrame:
    condition = None
    if region is not None and region != "":
        condition = both(condition, F.col("region") == region)
    if least is not None:
        condition = both(condition, F.col("amount") >= least)
    if condition is not None:
        df = df.where(condition)
    order = F.col("order_date").desc() if newest_first else F.col("order_date")
    return df.orderBy(order)


spark = SparkSession.builder.getOrCreate()
df = spark.read.csv("s3://retail/sales.csv", header=True, inferSchema=True)
if "amount" in df.columns and not df.isEmpty():
    found = search(df, region=os.getenv("REGION"), least=5)
else:
    found = df.limit(0)
column = F.col("amount") if "amount" in df.columns else F.lit(0)
found.withColumn("copy", column).write.mode("overwrite").parquet(os.environ["OUTPUT_PATH"])
