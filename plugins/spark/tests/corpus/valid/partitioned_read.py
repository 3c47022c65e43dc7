# [[objects]]
# uri = "s3://lake/events/"
# format = "parquet"
# columns = "event_id bigint, kind string, value double, year int, month int"
# partitions = ["year", "month"]

import os

from pyspark.sql import SparkSession
from pyspark.sql.functions import col, count

BASE = "s3://lake/events"

spark = SparkSession.builder.appName("partitions").getOrCreate()
events = spark.read.option("basePath", BASE + "/").option("mergeSchema", "true").parquet(BASE)
recent = events.where((col("year") >= 1) & (col("month").isin([1, 2, 3])))
recent.groupBy("year", "month", "kind").agg(count("event_id").alias("n")).write.mode("overwrite").partitionBy(
    "year", "month"
).parquet(os.environ["OUTPUT_PATH"])
