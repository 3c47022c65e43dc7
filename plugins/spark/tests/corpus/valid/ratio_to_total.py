# [[objects]]
# uri = "s3://retail/sales.csv"
# columns = "order_id bigint, region string, product string, amount double, order_date date"

import math
import os
from statistics import mean

from pyspark.sql import SparkSession, Window
import pyspark.sql.functions as F

spark = SparkSession.builder.getOrCreate()
sales = spark.read.csv("s3://retail/sales.csv", header=True, inferSchema=True)
shares = (
    sales.groupBy("region", "product")
    .agg(F.sum("amount").alias("amount"))
    .withColumn("share", F.col("amount") / F.sum("amount").over(Window.partitionBy("region")))
    .withColumn("pct", F.round(F.col("share") * 100, 1))
    .withColumn("bucket", F.when(F.col("share") > 0.5, F.lit("major")).otherwise("minor"))
)
values = [row.pct for row in shares.select("pct").orderBy("pct").collect()]
print("mean share", mean(values), "max", max(values), "sum", math.fsum(values), "any", any(v > 50 for v in values))
shares.drop("share").write.mode("overwrite").parquet(os.environ["OUTPUT_PATH"])
