# platform = "lambda"
# [[objects]]
# uri = "s3://uploads/users.csv"
# columns = "id bigint, name string, email string, active boolean"

import os
from pyspark.sql import SparkSession
from pyspark.sql.functions import col

spark = SparkSession.builder.appName("lambda-users").config("spark.driver.memory", "2g").getOrCreate()
users = spark.read.format("csv").option("header", True).option("inferSchema", True).load("s3://uploads/users.csv")
active = users.filter(col("active") == True)  # noqa: E712
active.coalesce(1).write.mode("overwrite").json(os.environ["OUTPUT_PATH"])
print({"active": active.count(), "all": users.count()})
spark.stop()
