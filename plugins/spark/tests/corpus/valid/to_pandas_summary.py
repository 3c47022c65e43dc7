# platform = "lambda"
# [[objects]]
# uri = "s3://retail/sales.csv"
# columns = "order_id bigint, region string, product string, amount double, order_date date"

import os
import pandas as pd
from pyspark.sql import SparkSession, functions as F

spark = SparkSession.builder.getOrCreate()
pd.set_option("display.width", 120)
sales = spark.read.csv("s3://retail/sales.csv", header=True, inferSchema=True)
pdf = sales.groupBy("region").agg(F.sum("amount").alias("amount")).toPandas()
pdf["share"] = pdf["amount"] / pdf["amount"].sum()
pdf = pdf.sort_values("share", ascending=False)
print(pdf.to_string())
spark.createDataFrame(pdf).write.mode("overwrite").parquet(os.environ["OUTPUT_PATH"])
