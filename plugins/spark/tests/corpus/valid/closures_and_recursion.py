# [[objects]]
# uri = "s3://org/units.csv"
# columns = "unit bigint, parent bigint, title string"

import os
from pyspark.sql import SparkSession, functions as F


def make_walker(units, depth):
    edges = units.select(F.col("unit").alias("child"), F.col("parent").alias("ancestor"))

    def walk(level, n):
        if n == 0:
            return level
        up = edges.withColumnRenamed("child", "mid").withColumnRenamed("ancestor", "next")
        climbed = level.join(up, level.ancestor == up.mid).select("child", F.col("next").alias("ancestor"))
        return walk(climbed.distinct(), n - 1)

    return lambda: walk(edges, depth)


spark = SparkSession.builder.getOrCreate()
units = spark.read.csv("s3://org/units.csv", header=True, inferSchema=True)
make_walker(units, 2)().write.mode("overwrite").parquet(os.environ["OUTPUT_PATH"])
