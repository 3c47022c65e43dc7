# [[objects]]
# uri = "s3://graph/edges.csv"
# columns = "src bigint, dst bigint"

import os
from pyspark.sql import SparkSession, functions as F

spark = SparkSession.builder.appName("components").getOrCreate()
edges = spark.read.csv("s3://graph/edges.csv", header=True, inferSchema=True)
both = edges.union(edges.select("dst", "src")).distinct()
labels = both.select(F.col("src").alias("node")).distinct().withColumn("label", F.col("node"))

changed, rounds = 1, 0
while changed > 0 and rounds < 2:
    spread = (
        both.join(labels, both.src == labels.node)
        .groupBy("dst")
        .agg(F.min("label").alias("candidate"))
    )
    updated = labels.join(spread, labels.node == spread.dst, "left").select(
        "node", F.least("label", F.coalesce("candidate", "label")).alias("label"), F.col("label").alias("old")
    )
    changed = updated.filter("label <> old").count()
    labels = updated.drop("old").localCheckpoint()
    rounds += 1

labels.groupBy("label").count().write.mode("overwrite").parquet(os.environ["OUTPUT_PATH"])
