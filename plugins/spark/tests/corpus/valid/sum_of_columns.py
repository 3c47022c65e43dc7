# [[objects]]
# uri = "s3://survey/answers.csv"
# columns = "respondent bigint, age int, city string, q1 int, q2 int, q3 int"

import os
from pyspark.sql import SparkSession
from pyspark.sql import functions as F
from pyspark.sql.functions import max as spark_max, col

spark = SparkSession.builder.getOrCreate()
df = spark.read.csv("s3://survey/answers.csv", header=True, inferSchema=True)
questions = ["q1", "q2", "q3"]
df = df.withColumn("total", sum(F.col(q) for q in questions)).withColumn("mean", sum([df[q] for q in questions]) / len(questions))
df = df.withColumn("best", F.greatest(*map(F.col, questions))).withColumn("answered", sum(F.when(col(q).isNotNull(), 1).otherwise(0) for q in questions))
limit = max(1, min(10, df.count()))
df.groupBy("city").agg(spark_max("total").alias("top"), *[F.avg(q).alias(q) for q in questions]).limit(limit).write.mode("overwrite").csv(
    os.environ["OUTPUT_PATH"], header=True
)
