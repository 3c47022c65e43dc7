# [[objects]]
# uri = "s3://retail/sales.csv"
# columns = "order_id bigint, region string, product string, amount double, order_date date"

import datetime as dt
import os
from pyspark.sql import SparkSession
from pyspark.sql import functions as F
from pyspark.sql import types as T

spark = SparkSession.builder.getOrCreate()
schema = T.StructType([T.StructField("region", T.StringType(), False), T.StructField("quota", T.IntegerType())])
quotas = spark.createDataFrame(data=[("north", 10), ("south", 20)], schema=schema)
days = spark.createDataFrame([(dt.date(2024, 1, 1) + dt.timedelta(days=n),) for n in range(60)], ["day"])
spine = spark.sql("SELECT explode(sequence(DATE'2024-01-01', DATE'2024-02-29', INTERVAL 1 DAY)) AS day")
sales = spark.read.csv("s3://retail/sales.csv", header=True, inferSchema=True)
daily = days.union(spine).distinct().join(sales, F.col("day") == F.col("order_date"), "left").groupBy("day", "region").agg(F.sum("amount").alias("amount"))
filled = daily.join(quotas, "region", "left").fillna({"amount": 0, "quota": 0})
empty = spark.createDataFrame([], filled.schema)
filled.unionByName(empty).write.mode("overwrite").parquet(os.environ["OUTPUT_PATH"])
