# [[objects]]
# uri = "s3://ml/features/"
# format = "parquet"
# columns = "id bigint, x double, y double, label string"

import os
import random

from pyspark.sql import SparkSession
from pyspark.sql.functions import col, rand, when

random.seed(7)
spark = SparkSession.builder.getOrCreate()
df = spark.read.parquet("s3://ml/features/")
train, test = df.randomSplit([0.8, 0.2], seed=7)
fractions = {row["label"]: random.uniform(0.5, 1.0) for row in df.select("label").distinct().collect()}
sample = train.sampleBy("label", fractions, seed=7).withColumn("fold", (rand(7) * 5).cast("int"))
sample = sample.withColumn("positive", when(col("label") == "alpha", 1).otherwise(0))
path = os.environ["OUTPUT_PATH"]
for name, frame in dict(train=sample, test=test).items():
    frame.write.mode("overwrite").parquet(f"{path}/{name}")
