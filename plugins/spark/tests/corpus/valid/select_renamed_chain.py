# [[objects]]
# uri = "s3://hr/employees.csv"
# columns = "id bigint, name string, manager_id bigint, salary double, department string"

import os
from pyspark.sql import SparkSession, Window
from pyspark.sql import functions as F

spark = SparkSession.builder.getOrCreate()
df = (
    spark.read.option("header", True)
    .option("inferSchema", True)
    .csv("s3://hr/employees.csv")
    .select(F.col("id").alias("employee_id"), "name", F.col("salary").cast("decimal(10,2)").alias("pay"), F.col("department"))
    .withColumnRenamed("department", "team")
    .withColumn("team", F.upper("team"))
    .filter(F.col("pay").isNotNull() & (F.length("name") > 0))
    .groupBy("team")
    .agg(F.avg("pay").alias("avg_pay"), F.max("pay"), F.collect_list("name").alias("names"))
    .withColumnRenamed("max(pay)", "top_pay")
    .withColumn("place", F.rank().over(Window.orderBy(F.desc("avg_pay"))))
    .orderBy("place", F.col("team").asc_nulls_last())
)
df.select("team", "avg_pay", "top_pay", F.size("names").alias("people"), "place").write.mode("overwrite").parquet(
    os.environ["OUTPUT_PATH"]
)
