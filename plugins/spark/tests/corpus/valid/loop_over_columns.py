# [[objects]]
# uri = "s3://survey/answers.csv"
# columns = "respondent bigint, age int, city string, q1 int, q2 int, q3 int"

import os

from pyspark.sql import SparkSession
from pyspark.sql import functions as F

spark = SparkSession.builder.appName("nulls").getOrCreate()
df = spark.read.csv("s3://survey/answers.csv", header=True, inferSchema=True)

# null counts, the way every answer on the web does it
df.select([F.count(F.when(F.col(c).isNull(), c)).alias(c) for c in df.columns]).show()

for c, dtype in df.dtypes:
    if dtype == "string":
        df = df.withColumn(c, F.trim(F.lower(F.col(c))))
    elif dtype in ("int", "bigint", "double"):
        df = df.fillna({c: 0})

questions = [c for c in df.columns if c.startswith("q")]
means = df.groupBy("city").agg(*[F.mean(q).alias("mean_" + q) for q in questions])
means.write.mode("overwrite").parquet(os.environ["OUTPUT_PATH"])
means.show()
