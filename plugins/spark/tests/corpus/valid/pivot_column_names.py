# [[objects]]
# uri = "s3://retail/monthly.csv"
# columns = "store string, month string, revenue double"

import os
from pyspark.sql import SparkSession, functions as F

spark = SparkSession.builder.getOrCreate()
df = spark.read.csv("s3://retail/monthly.csv", header=True, inferSchema=True)
wide = df.groupBy("store").pivot("month", ["jan", "feb"]).agg(F.sum("revenue").alias("r"), F.count("revenue").alias("n"))
wide = wide.withColumn("growth", F.col("feb_r") - F.col("jan_r")).filter((F.col("jan_n") > 0) & (F.col("feb_n") > 0))
any_months = df.groupBy("store").pivot("month").sum("revenue")
any_months.fillna(0).select("store", F.col("mar")).join(wide.select("store", "growth"), "store").write.mode("overwrite").parquet(
    os.environ["OUTPUT_PATH"]
)
df.crosstab("store", "month").orderBy("store_month").show()
