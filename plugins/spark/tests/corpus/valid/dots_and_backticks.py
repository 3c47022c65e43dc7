# [[objects]]
# uri = "s3://sensors/wide.csv"
# columns = "`sensor.id` bigint, `temp (C)` double, `rel hum %` double, `group` string, `select` string"

import os
import re

from pyspark.sql import SparkSession
from pyspark.sql.functions import col

spark = SparkSession.builder.appName("dots").getOrCreate()
df = spark.read.option("header", True).option("inferSchema", True).csv("s3://sensors/wide.csv")
df = df.filter(col("`sensor.id`") > 2).where("`temp (C)` > 0 and `select` is not null")
print(df.select("`sensor.id`", "temp (C)").limit(2).collect())
snake = [re.sub(r"\W+", "_", name).strip("_").lower() for name in df.columns]
df = df.toDF(*snake)
df.groupBy("group").agg({"temp_c": "avg", "sensor_id": "max"}).write.mode("overwrite").parquet(os.environ["OUTPUT_PATH"])
