# [[objects]]
# uri = "s3://stores/all/"
# format = "parquet"
# columns = "store string, amount double, day date"

import os
from functools import reduce
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.functions import col, lit

spark = SparkSession.builder.getOrCreate()
stores = spark.read.parquet("s3://stores/all/")
bands = [("low", 0, 100), ("mid", 100, 300), ("high", 300, float("inf"))]
parts = [stores.filter((col("amount") >= lo) & (col("amount") < hi)).withColumn("band", lit(name)) for name, lo, hi in bands]
banded = reduce(DataFrame.unionByName, parts)
banded.groupBy("band").count().write.mode("overwrite").parquet(os.environ["OUTPUT_PATH"])
banded.explain()
