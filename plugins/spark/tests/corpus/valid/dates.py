# [[objects]]
# uri = "s3://retail/sales.csv"
# columns = "order_id bigint, region string, product string, amount double, order_date date"

import os
from datetime import date, datetime, timedelta

from pyspark.sql import SparkSession
from pyspark.sql import functions as F

spark = SparkSession.builder.appName("dates").config("spark.sql.session.timeZone", "UTC").getOrCreate()
sales = spark.read.csv("s3://retail/sales.csv", header=True, inferSchema=True)

since = date(2024, 1, 1) - timedelta(days=365)
sales = (
    sales.withColumn("order_date", F.to_date("order_date", "yyyy-MM-dd"))
    .filter(F.col("order_date") >= F.lit(since))
    .withColumn("year", F.year("order_date"))
    .withColumn("quarter", F.concat(F.lit("Q"), F.quarter("order_date").cast("string")))
    .withColumn("weekday", F.date_format("order_date", "EEEE"))
    .withColumn("month_start", F.trunc("order_date", "month"))
    .withColumn("next_week", F.date_add("order_date", 7))
    .withColumn("is_weekend", F.dayofweek("order_date").isin(1, 7))
)
report = sales.groupBy("year", "quarter", "is_weekend").agg(F.sum("amount").alias("amount"))
report.orderBy("year", "quarter").write.mode("overwrite").parquet(os.environ["OUTPUT_PATH"])
print("finished", datetime.now().isoformat(timespec="seconds"))
