# [[tables]]
# name = "sales.orders"
# columns = "order_id bigint, customer_id bigint, total double, status string"
# partitions = ["status"]

import os
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

spark = SparkSession.builder.appName("orders").enableHiveSupport().getOrCreate()
orders = spark.table("sales.orders").filter(F.col("status") == "paid")
result = orders.groupBy("customer_id").agg(F.sum("total").alias("spent")).orderBy(F.col("spent").desc()).limit(100)
result.write.mode("overwrite").parquet(os.environ["OUTPUT_PATH"])
result.show()
spark.stop()
