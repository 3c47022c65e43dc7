# [[objects]]
# uri = "s3://hr/employees.csv"
# columns = "id bigint, name string, manager_id bigint, salary double, department string"

import os
from pyspark.sql import SparkSession
from pyspark.sql.functions import col

spark = SparkSession.builder.appName("managers").getOrCreate()
emp = spark.read.option("header", True).option("inferSchema", True).csv("s3://hr/employees.csv")

e = emp.alias("e")
m = emp.alias("m")
result = (
    e.join(m, col("e.manager_id") == col("m.id"), "left")
    .select(
        col("e.name").alias("employee"),
        col("m.name").alias("manager"),
        (col("e.salary") > col("m.salary")).alias("earns_more"),
    )
    .filter(col("earns_more"))
)
result.write.mode("overwrite").csv(os.environ["OUTPUT_PATH"] + "/earns_more", header=True)
result.show()
spark.stop()
