# [[objects]]
# uri = "s3://lake/a.parquet"
# format = "parquet"
# columns = "id bigint, score_a double"
# [[objects]]
# uri = "s3://lake/b.parquet"
# format = "parquet"
# columns = "id bigint, score_b double"
# [[objects]]
# uri = "s3://lake/c.parquet"
# format = "parquet"
# columns = "id bigint, score_c double"

import functools
import os

from pyspark.sql import SparkSession
from pyspark.sql import functions as F

spark = SparkSession.builder.getOrCreate()
names = ["a", "b", "c"]
frames = [spark.read.parquet(f"s3://lake/{name}.parquet") for name in names]
joined = functools.reduce(lambda left, right: left.join(right, "id", "outer"), frames)
scores = [F.coalesce(F.col(f"score_{name}"), F.lit(0.0)) for name in names]
result = joined.withColumn("score", sum(scores, F.lit(0.0))).orderBy(F.desc("score"))
result.write.mode("overwrite").parquet(os.environ["OUTPUT_PATH"])
