# [[objects]]
# uri = "s3://retail/sales.csv"
# columns = "order_id bigint, region string, product string, amount double, order_date date"

import os

from pyspark.sql import SparkSession
from pyspark.sql import functions as F

spark = SparkSession.builder.getOrCreate()
df = spark.read.csv("s3://retail/sales.csv", header=True, inferSchema=True)
try:
    df.select("discount").limit(1)
    has = True
except Exception:
    has = False
if has:
    df = df.withColumn("net", F.col("discount"))
else:
    df = df.withColumn("net", F.lit(0))
out = df.select("net")
out.write.mode("overwrite").parquet(os.environ["OUTPUT_PATH"])
