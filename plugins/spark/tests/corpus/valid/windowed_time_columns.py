# [[objects]]
# uri = "s3://iot/power.csv"
# columns = "meter string, at timestamp, kwh double"

import os
from pyspark.sql import SparkSession
from pyspark.sql.functions import avg, col, sum, window

spark = SparkSession.builder.appName("hourly").getOrCreate()
power = spark.read.option("header", "true").option("inferSchema", "true").csv("s3://iot/power.csv")
hourly = power.groupBy("meter", window("at", "1 hour")).agg(sum("kwh").alias("kwh"), avg(power.kwh).alias("mean"))
hourly = hourly.select("meter", "window.start", col("window.end").alias("until"), "kwh", "mean")
hourly.filter(col("start") < col("until")).orderBy("meter", "start").write.mode("overwrite").parquet(os.environ["OUTPUT_PATH"])
