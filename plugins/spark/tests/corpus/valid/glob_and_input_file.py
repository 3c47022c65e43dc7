# [[objects]]
# uri = "s3://logs/app/"
# format = "text"
# columns = "value string"

import os
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

spark = SparkSession.builder.appName("log levels").getOrCreate()
logs = spark.read.text("s3://logs/app/*.txt").withColumn("file", F.input_file_name())
pattern = r"^(\d{4}-\d{2}-\d{2}) \S+ (ERROR|WARN|INFO) \[(\w+)\] (.*)$"
parsed = logs.select(
    F.regexp_extract("value", pattern, 1).alias("day"),
    F.regexp_extract("value", pattern, 2).alias("level"),
    F.regexp_extract("value", pattern, 3).alias("component"),
    F.element_at(F.split("file", "/"), -1).alias("file"),
).filter("level != ''")
parsed.groupBy("day", "level", "component").count().write.mode("overwrite").parquet(os.environ["OUTPUT_PATH"])
