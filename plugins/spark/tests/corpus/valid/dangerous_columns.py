# [[objects]]
# uri = "s3://iam/users.json"
# format = "json"
# columns = "user string, password string, secret string, api_key string, access_token string, _jvm string, master string"

import os
from pyspark.sql import SparkSession
import pyspark.sql.functions as F

spark = SparkSession.builder.getOrCreate()
users = spark.read.json("s3://iam/users.json")
# hash what must not be seen, and drop the rest
for column in ["password", "secret", "api_key", "access_token"]:
    users = users.withColumn(column, F.sha2(F.col(column), 256))
users = users.withColumnRenamed("master", "home").drop("_jvm")
users.select("user", "home", F.col("password").alias("password_hash"), users["secret"]).write.mode("overwrite").parquet(
    os.environ["OUTPUT_PATH"]
)
