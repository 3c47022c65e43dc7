# [[objects]]
# uri = "s3://partners/feed.csv"
# columns = "sku string, title string, price double, stock int"

import os
from pyspark.sql import SparkSession, functions as F

opts = {"header": "true", "sep": ",", "inferSchema": "true", "quote": '"', "escape": "\\", "multiLine": "true"}

spark = SparkSession.builder.appName("feed").getOrCreate()
feed = spark.read.format("csv").options(**opts).load("s3://partners/feed.csv")
bad = feed.where(F.col("sku").isNull() | (F.col("price") < 0) | F.length("title").between(0, 2))
good = feed.subtract(bad)
good.write.format("parquet").mode("overwrite").option("compression", "snappy").save(os.environ["OUTPUT_PATH"])
print("bad:", bad.count())
