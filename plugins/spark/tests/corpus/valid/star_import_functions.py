# [[objects]]
# uri = "s3://retail/sales.csv"
# columns = "order_id bigint, region string, product string, amount double, order_date date"

from pyspark.sql import SparkSession
from pyspark.sql.functions import *
from pyspark.sql.types import *
import os

spark = SparkSession.builder.appName("Top products").getOrCreate()

df = spark.read.format("csv").option("header", "true").option("inferSchema", "true").load("s3://retail/sales.csv")

df = df.withColumn("amount", col("amount").cast(DoubleType()))
result = df.groupBy("product").agg(sum("amount").alias("total_sales"), max("amount").alias("largest")) \
    .orderBy(col("total_sales").desc()) \
    .limit(10)

result.show(truncate=False)
result.write.mode("overwrite").parquet(os.environ["OUTPUT_PATH"])

spark.stop()
