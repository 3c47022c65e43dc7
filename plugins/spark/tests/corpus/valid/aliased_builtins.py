# [[objects]]
# uri = "s3a://retail/2024/sales.csv"
# columns = "order_id bigint, region string, amount double, quantity int"

import os
from pyspark.sql import SparkSession
from pyspark.sql.functions import avg, col, max as max_, min as min_, round as round_, sum as sum_

spark = SparkSession.builder.appName("stats").getOrCreate()
frame = spark.read.option("header", "true").option("inferSchema", "true").csv("s3a://retail/2024/sales.csv")

stats = frame.groupBy("region").agg(
    sum_("amount").alias("total"),
    round_(avg(col("amount")), 2).alias("mean"),
    min_("amount").alias("least"),
    max_("amount").alias("most"),
)
rows = stats.collect()
grand_total = sum(row["total"] for row in rows)
biggest = max(rows, key=lambda row: row["most"])
print(f"regions: {len(rows)}, total {round(grand_total, 2)}, biggest in {biggest['region']}")
stats.coalesce(1).write.mode("overwrite").option("header", True).csv(os.getenv("OUTPUT_PATH"))
