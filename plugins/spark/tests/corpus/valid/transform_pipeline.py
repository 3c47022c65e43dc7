# [[objects]]
# uri = "s3://warehouse/orders/"
# format = "parquet"
# columns = "order_id bigint, customer_id bigint, status string, total decimal(10,2), created_at timestamp"

import os
from functools import reduce
from typing import Callable

from pyspark.sql import DataFrame, SparkSession, Window
from pyspark.sql import functions as F

Step = Callable[[DataFrame], DataFrame]


def only(status: str) -> Step:
    def step(df: DataFrame) -> DataFrame:
        return df.filter(F.col("status") == status)

    return step


def latest_per_customer(df: DataFrame) -> DataFrame:
    window = Window.partitionBy("customer_id").orderBy(F.col("created_at").desc())
    return df.withColumn("rank", F.row_number().over(window)).filter("rank = 1").drop("rank")


def with_age_days(df: DataFrame) -> DataFrame:
    return df.withColumn("age_days", F.datediff(F.current_date(), F.to_date("created_at")))


def pipeline(df: DataFrame, *steps: Step) -> DataFrame:
    return reduce(lambda acc, step: acc.transform(step), steps, df)


spark = SparkSession.builder.appName("latest-orders").getOrCreate()
orders = spark.read.parquet("s3://warehouse/orders/")
latest = pipeline(orders, only("paid"), latest_per_customer, with_age_days)
latest.transform(lambda df: df.select("customer_id", "order_id", "total", "age_days")).write.mode(
    "overwrite"
).parquet(os.environ["OUTPUT_PATH"])
spark.stop()
