# [[objects]]
# uri = "s3://legacy/export.csv"
# columns = "_c0 bigint, _c1 string, _c2 double"
# properties = { header = "false", delimiter = ";" }

import os
from pyspark.sql import SparkSession
from pyspark.sql.functions import col

spark = SparkSession.builder.getOrCreate()
df = spark.read.csv("s3://legacy/export.csv", sep=";", header=False, inferSchema=True)
df = df.select(col("_c0").alias("id"), col("_c1").alias("name"), col("_c2").cast("double").alias("value"))
df.toDF("key", "label", "figure").filter("figure > 10").write.mode("overwrite").csv(os.environ["OUTPUT_PATH"], sep=";")
