# [[objects]]
# uri = "s3://logs/access/2024/"
# format = "csv"
# columns = "ts timestamp, ip string, path string, status int, bytes bigint"

import os
from pyspark.sql import SparkSession
from pyspark.sql.functions import col, count, desc, hour
from pyspark.sql.types import (
    IntegerType,
    LongType,
    StringType,
    StructField,
    StructType,
    TimestampType,
)

schema = StructType(
    [
        StructField("ts", TimestampType(), True),
        StructField("ip", StringType(), True),
        StructField("path", StringType(), True),
        StructField("status", IntegerType(), True),
        StructField("bytes", LongType(), True),
    ]
)

spark = SparkSession.builder.appName("access-log").getOrCreate()
logs = spark.read.schema(schema).option("header", True).csv("s3://logs/access/2024/")
errors = logs.filter((col("status") >= 500) & col("path").isNotNull())
result = errors.groupBy(hour(col("ts")).alias("hour"), "path").agg(count("*").alias("n")).orderBy(desc("n"))
result.write.mode("overwrite").option("header", "true").csv(os.environ["OUTPUT_PATH"])
spark.stop()
