# [[objects]]
# uri = "s3://survey/answers.csv"
# columns = "respondent bigint, age int, city string, q1 int, q2 int, q3 int"

import os
from pyspark.sql import SparkSession, functions as F

spark = SparkSession.builder.getOrCreate()
df = spark.read.csv("s3://survey/answers.csv", header=True, inferSchema=True)

aggregations = [
    getattr(F, how)(column).alias(f"{column}_{how}")
    for column in ("q1", "q2", "q3")
    for how in ["min", "max", "avg", "stddev"]
]
summary = df.groupBy("city").agg(*aggregations)
summary.write.mode("overwrite").parquet(os.environ["OUTPUT_PATH"])
