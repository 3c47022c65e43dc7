# [[objects]]
# uri = "s3://stores/2023/"
# format = "parquet"
# columns = "store string, amount double, day date"
# [[objects]]
# uri = "s3://stores/new.csv"
# columns = "store string, amount double, day date"

import os
import pathlib
from pyspark.sql import SparkSession, functions as F

spark = SparkSession.builder.getOrCreate()


def read_any(path):
    suffix = pathlib.PurePosixPath(path).suffix
    if suffix == ".csv":
        return spark.read.csv(path, header=True, inferSchema=True)
    elif path.endswith("/"):
        return spark.read.parquet(path)
    else:
        raise ValueError(path)


old, new = map(read_any, ["s3://stores/2023/", "s3://stores/new.csv"])
both = old.withColumn("origin", F.lit("old")).unionByName(new.withColumn("origin", F.lit("new")))
if both.isEmpty():
    print("no rows")
both.groupBy("origin", "store").agg(F.sum("amount").alias("amount")).write.mode("overwrite").parquet(os.environ["OUTPUT_PATH"])
