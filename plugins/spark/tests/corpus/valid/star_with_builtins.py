# [[objects]]
# uri = "s3://retail/sales.csv"
# columns = "order_id bigint, region string, product string, amount double, order_date date"

import builtins
import os
from pyspark.sql import SparkSession
from pyspark.sql.functions import *
from pyspark.sql.window import Window

spark = SparkSession.builder.appName("builtins").getOrCreate()
df = spark.read.csv("s3://retail/sales.csv", header=True, inferSchema=True)
shares = df.groupBy("region").agg(sum("amount").alias("total"), round(max("amount"), 1).alias("most"))
rows = shares.collect()
overall = builtins.sum(row["total"] for row in rows)
print(builtins.round(overall, 2), builtins.max([row["most"] for row in rows], default=0), len(rows), sorted(str(r[0]) for r in rows))
ranked = shares.withColumn("place", rank().over(Window.orderBy(desc("total")))).withColumn("share", col("total") / lit(overall))
ranked.filter(col("share").isNotNull() & (abs(col("share")) >= 0)).write.mode("overwrite").parquet(os.environ["OUTPUT_PATH"])
