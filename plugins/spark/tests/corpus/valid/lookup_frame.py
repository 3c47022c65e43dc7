# [[objects]]
# uri = "s3://retail/sales.csv"
# columns = "order_id bigint, region string, product string, amount double, order_date date"

import os
from pyspark.sql import Row, SparkSession
from pyspark.sql import functions as F

spark = SparkSession.builder.appName("targets").getOrCreate()
sales = spark.read.csv("s3://retail/sales.csv", header=True, inferSchema=True)

# A small dimension that only lives in this script.
targets = spark.createDataFrame([Row(region="north", target=1000.0), Row(region="south", target=800.0)])
factors = spark.createDataFrame([("east", 1.1), ("west", 0.9)], ["region", "factor"])
calendar = spark.range(0, 7).select(F.col("id").alias("weekday"))

actual = sales.groupBy("region").agg(F.sum("amount").alias("actual"))
result = actual.join(F.broadcast(targets), "region", "left").join(factors, "region", "left")
result = result.withColumn("hit", F.coalesce(F.col("actual") >= F.col("target"), F.lit(False)))
result.crossJoin(calendar.limit(1)).write.mode("overwrite").parquet(os.environ["OUTPUT_PATH"])
