# platform = "emr"
# [[relations]]
# name = "public.orders"
# url = "jdbc:postgresql://db.internal:5432/shop"
# columns = "order_id bigint, customer_id bigint, total double"

import os
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

spark = SparkSession.builder.appName("jdbc").getOrCreate()
orders = (
    spark.read.format("jdbc")
    .option("url", "jdbc:postgresql://db.internal:5432/shop")
    .option("dbtable", "public.orders")
    .option("fetchsize", 10_000)
    .load()
)
orders.groupBy("customer_id").agg(F.sum("total").alias("total")).write.mode("overwrite").parquet(os.environ["OUTPUT_PATH"])
