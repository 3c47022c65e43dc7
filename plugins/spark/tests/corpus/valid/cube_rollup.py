# [[objects]]
# uri = "s3://retail/sales.csv"
# columns = "order_id bigint, region string, product string, amount double, order_date date"

import os
from pyspark.sql import SparkSession, functions as F

spark = SparkSession.builder.appName("cube").getOrCreate()
sales = spark.read.csv("s3://retail/sales.csv", header=True, inferSchema=True)
rolled = sales.rollup("region", "product").agg(F.sum("amount").alias("amount"), F.grouping_id().alias("level"))
cubed = sales.cube("region", F.month("order_date").alias("month")).agg(F.avg("amount").alias("avg"))
rolled.filter(F.col("level") > 0).write.mode("overwrite").parquet(os.environ["OUTPUT_PATH"] + "/rollup")
cubed.na.fill("all", subset=["region"]).write.mode("overwrite").parquet(os.environ["OUTPUT_PATH"] + "/cube")
