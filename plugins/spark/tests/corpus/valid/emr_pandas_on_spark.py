# platform = "emr"
# [[objects]]
# uri = "s3://retail/sales.csv"
# columns = "order_id bigint, region string, product string, amount double, order_date date"

import os
import numpy as np
import pandas as pd
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

spark = SparkSession.builder.appName("mixed").config("spark.sql.execution.arrow.pyspark.enabled", "true").getOrCreate()
sales = spark.read.csv("s3://retail/sales.csv", header=True, inferSchema=True)
pdf = sales.select("region", "amount").limit(1000).toPandas()
pdf = pdf[(pdf["amount"] > 1) & (pdf.region != "x")]
pdf["log"] = np.log1p(pdf["amount"])
bins = pd.cut(pdf["amount"], bins=[0, 100, 300, np.inf], labels=["low", "mid", "high"])
pdf["band"] = bins.astype(str)
if not pdf.empty and pdf["amount"].max() > 0:
    print(pdf.groupby("band")["amount"].agg(["mean", "count"]).round(2))
result = spark.createDataFrame(pdf.groupby(["region", "band"], as_index=False)["amount"].sum())
result.withColumn("source", F.lit("pandas")).write.mode("overwrite").parquet(os.environ["OUTPUT_PATH"])
