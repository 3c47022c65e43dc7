import os

from pyspark.sql import SparkSession
from pyspark.sql import Window
from pyspark.sql import functions as F

spark = SparkSession.builder.appName("enginehouse").getOrCreate()
output = os.environ["OUTPUT_PATH"]
df = spark.read.option("header", True).option("inferSchema", True).csv("s3://data/sales.csv")
window = Window.partitionBy("region").orderBy(F.desc("amount"))
result = df.withColumn("rank", F.row_number().over(window)).filter(F.col("rank") <= 3)
result.write.mode("overwrite").parquet(output)
result.show()
spark.stop()
