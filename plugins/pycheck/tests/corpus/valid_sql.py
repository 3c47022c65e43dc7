import os

from pyspark.sql import SparkSession
from pyspark.sql import functions as F

spark = SparkSession.builder.appName("enginehouse").getOrCreate()
output = os.environ["OUTPUT_PATH"]
df = spark.table("sales.orders")
df.createOrReplaceTempView("orders")
result = spark.sql("SELECT region, sum(amount) AS total FROM orders GROUP BY region")
result.write.mode("overwrite").parquet(output)
result.show()
spark.stop()
