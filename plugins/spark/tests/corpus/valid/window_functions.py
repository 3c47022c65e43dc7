# [[objects]]
# uri = "s3://iot/power.csv"
# columns = "meter string, at timestamp, kwh double"

import os

from pyspark.sql import SparkSession, Window
from pyspark.sql.functions import avg, col, dense_rank, lag, last, lead, ntile, sum as running_sum, unix_timestamp

spark = SparkSession.builder.appName("meters").getOrCreate()
power = spark.read.csv("s3://iot/power.csv", header=True, inferSchema=True)

per_meter = Window.partitionBy("meter").orderBy("at")
so_far = per_meter.rowsBetween(Window.unboundedPreceding, Window.currentRow)
around = per_meter.rowsBetween(-3, 3)

result = (
    power.withColumn("previous", lag("kwh", 1).over(per_meter))
    .withColumn("next", lead(col("kwh")).over(per_meter))
    .withColumn("delta", col("kwh") - col("previous"))
    .withColumn("total", running_sum("kwh").over(so_far))
    .withColumn("smooth", avg("kwh").over(around))
    .withColumn("filled", last("kwh", ignorenulls=True).over(so_far))
    .withColumn("gap_s", unix_timestamp("at") - unix_timestamp(lag("at").over(per_meter)))
    .withColumn("quartile", ntile(4).over(Window.orderBy("kwh")))
    .withColumn("rank", dense_rank().over(Window.partitionBy("meter").orderBy(col("kwh").desc())))
)
result.write.mode("overwrite").parquet(os.environ["OUTPUT_PATH"])
