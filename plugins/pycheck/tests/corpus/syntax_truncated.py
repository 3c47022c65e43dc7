import os

from pyspark.sql import SparkSession
from pyspark.sql import functions as F

spark = SparkSession.builder.appName("enginehouse").getOrCreate()
output = os.environ["OUTPUT_PATH"]
df = spark.read.option("header", True).option("inferSchema", True).csv("s3://data/sales.csv")
result = df.groupBy("region").agg(F.sum("amo