# [[objects]]
# uri = "s3://retail/sales.csv"
# columns = "order_id bigint, region string, product string, amount double, order_date date"

import os
from pyspark.sql import SparkSession
from pyspark.sql.functions import col, lit, when

DEBUG = os.getenv("DEBUG", "0") == "1"
LIMIT = int(os.getenv("ROW_LIMIT", "0"))

spark = SparkSession.builder.getOrCreate()
df = spark.read.csv("s3://retail/sales.csv", header=True, inferSchema=True)

conditions = [col("amount") > 10, col("region") != "north", ~col("product").like("%x%")]
keep = lit(True)
for condition in conditions:
    keep = keep & condition
df = df.filter(keep)
if DEBUG and LIMIT:
    df = df.limit(LIMIT)
elif not DEBUG or LIMIT > 0:
    df = df.limit(LIMIT or 1000)
tier = when(col("amount") >= 400, "gold").when((col("amount") >= 200) | (col("region") == "east"), "silver")
df = df.withColumn("tier", tier.otherwise("none"))
while (n := df.count()) > 20:
    df = df.sample(0.5, seed=n)
print(n if n else "empty", "rows")
df.write.mode("overwrite").parquet(os.environ["OUTPUT_PATH"])
