# [[objects]]
# uri = "s3://logs/access/2024/"
# format = "csv"
# columns = "ts timestamp, ip string, path string, status int, bytes bigint"

import os
from pyspark.sql import SparkSession
import pyspark.sql.functions as F

SCHEMA = "ts TIMESTAMP, ip STRING, path STRING, status INT, bytes BIGINT"

spark = SparkSession.builder.appName("bytes").getOrCreate()
df = spark.read.load("s3://logs/access/2024", format="csv", schema=SCHEMA, header=True, mode="PERMISSIVE")
df = df.filter("status between 200 and 299").selectExpr("ip", "bytes / 1024.0 as kib")
df.groupBy("ip").agg(F.sum("kib").alias("kib")).write.save(os.environ["OUTPUT_PATH"], format="parquet", mode="overwrite")
