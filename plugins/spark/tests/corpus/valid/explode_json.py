# [[objects]]
# uri = "s3://events/raw/"
# format = "json"
# columns = "id string, user struct<name:string,age:int>, items array<struct<sku:string,qty:int,price:double>>, attrs map<string,string>"

import os

from pyspark.sql import SparkSession
from pyspark.sql.functions import col, explode, explode_outer, map_keys, size, sum as sum_

spark = SparkSession.builder.appName("events").getOrCreate()
events = spark.read.option("multiLine", False).json("s3://events/raw/")

items = events.select(
    "id",
    col("user.name").alias("user_name"),
    explode("items").alias("item"),
).select("id", "user_name", "item.*")

spend = items.groupBy("user_name").agg(sum_(col("qty") * col("price")).alias("spend"))
sizes = events.select("id", size("items").alias("n_items")).where("n_items > 1")

base = os.environ["OUTPUT_PATH"]
spend.write.mode("overwrite").parquet(f"{base}/spend")
sizes.write.mode("overwrite").parquet(f"{base}/sizes")
