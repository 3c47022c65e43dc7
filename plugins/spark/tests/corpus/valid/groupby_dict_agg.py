# [[objects]]
# uri = "s3://bank/accounts.csv"
# columns = "account bigint, owner string, balance double, opened date, closed boolean"

import os
import pyspark.sql.functions as func
from pyspark.sql import SparkSession

spark = SparkSession.builder.master("local[*]").appName("dict agg").getOrCreate()
accounts = spark.read.csv("s3://bank/accounts.csv", header=True, inferSchema=True)
summary = accounts.groupBy("owner").agg({"balance": "sum", "account": "count", "opened": "min"})
summary = summary.withColumnRenamed("sum(balance)", "balance").withColumnRenamed("count(account)", "accounts")
summary = summary.select("owner", "balance", "accounts", func.col("min(opened)").alias("first_opened"))
summary.replace({"alpha": "A"}, subset=["owner"]).sort("balance", ascending=False).write.mode("overwrite").csv(
    os.environ["OUTPUT_PATH"], header=True
)
