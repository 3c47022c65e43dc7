# platform = "emr"
# [[tables]]
# name = "lake.clicks"
# columns = "user_id string, url string, ms bigint, dt string"
# partitions = ["dt"]

import os
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

spark = (
    SparkSession.builder.appName("clicks")
    .config("spark.sql.sources.partitionOverwriteMode", "dynamic")
    .config("hive.exec.dynamic.partition.mode", "nonstrict")
    .enableHiveSupport()
    .getOrCreate()
)
spark.sparkContext.setLogLevel("WARN")
clicks = spark.sql("SELECT user_id, url, ms, dt FROM lake.clicks WHERE dt >= '2024-01-01'")
daily = clicks.groupBy("dt").agg(F.approx_count_distinct("user_id").alias("users"), F.expr("percentile(ms, 0.95)").alias("p95"))
daily.repartition("dt").write.mode("overwrite").partitionBy("dt").parquet(os.environ["OUTPUT_PATH"])
spark.stop()
