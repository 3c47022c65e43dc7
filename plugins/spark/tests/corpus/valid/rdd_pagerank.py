# [[objects]]
# uri = "s3://graph/edges.csv"
# columns = "src bigint, dst bigint"

import os
from pyspark.sql import SparkSession


def contributions(urls, rank):
    n = len(urls)
    for url in urls:
        yield (url, rank / n)


spark = SparkSession.builder.appName("PageRank").getOrCreate()
edges = spark.read.csv("s3://graph/edges.csv", header=True, inferSchema=True)
links = edges.rdd.map(lambda row: (row.src, row.dst)).distinct().groupByKey().cache()
ranks = links.map(lambda pair: (pair[0], 1.0))

for iteration in range(3):
    contribs = links.join(ranks).flatMap(lambda pair: contributions(pair[1][0], pair[1][1]))
    ranks = contribs.reduceByKey(lambda a, b: a + b).mapValues(lambda rank: rank * 0.85 + 0.15)

spark.createDataFrame(ranks, ["node", "rank"]).write.mode("overwrite").parquet(os.environ["OUTPUT_PATH"])
