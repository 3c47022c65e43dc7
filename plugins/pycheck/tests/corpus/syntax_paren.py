import os

from pyspark.sql import SparkSession
from pyspark.sql import functions as F

spark = SparkSession.builder.appName("enginehouse").getOrCreate()
output = os.environ["OUTPUT_PATH"]
df = spark.read.csv(("s3://data/x.csv"
df.show()
