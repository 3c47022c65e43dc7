# [[objects]]
# uri = "s3://data-prod/exports/2024/01/users.csv"
# columns = "user_id bigint, name string, plan string, mrr double"

import os
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

BUCKET = "data-prod"
YEAR, MONTH = 2024, 1
PATH = f"s3://{BUCKET}/exports/{YEAR}/{MONTH:02d}/users.csv"
OUT = "{base}/mrr".format(base=os.environ["OUTPUT_PATH"].rstrip("/"))

spark = SparkSession.builder.appName(f"mrr-{YEAR}-{MONTH}").getOrCreate()
users = spark.read.csv(PATH, header=True, inferSchema=True)
users.groupBy("plan").agg(F.sum("mrr").alias("mrr")).write.mode("overwrite").parquet(OUT)
print(f"written to {OUT}")
