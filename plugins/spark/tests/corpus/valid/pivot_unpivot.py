# [[objects]]
# uri = "s3://retail/monthly.csv"
# columns = "store string, month string, revenue double"

import os
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

spark = SparkSession.builder.appName("pivot").getOrCreate()
df = spark.read.option("header", True).option("inferSchema", True).csv("s3://retail/monthly.csv")

months = ["jan", "feb", "mar"]
wide = df.groupBy("store").pivot("month", months).agg(F.sum("revenue")).na.fill(0)
long = wide.unpivot("store", months, "month", "revenue")
stacked = wide.selectExpr("store", "stack(3, 'jan', jan, 'feb', feb, 'mar', mar) as (month, revenue)")
assert long.columns == stacked.columns

output = os.environ["OUTPUT_PATH"]
wide.write.mode("overwrite").csv(f"{output}/wide", header=True)
long.write.mode("overwrite").csv(f"{output}/long", header=True)
