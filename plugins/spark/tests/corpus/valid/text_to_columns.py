# [[objects]]
# uri = "s3://legacy/fixed.txt"
# format = "text"
# columns = "value string"

import os
import string
from pyspark.sql import SparkSession
from pyspark.sql.functions import col, length, substring, translate, trim

LAYOUT = [("date", 1, 10), ("time", 12, 8), ("level", 21, 5), ("rest", 27, 80)]

spark = SparkSession.builder.appName("fixed width").getOrCreate()
lines = spark.read.format("text").load("s3://legacy/fixed.txt")
fields = lines.select([trim(substring("value", start, width)).alias(name) for name, start, width in LAYOUT])
fields = fields.withColumn("rest", translate("rest", string.punctuation, " " * len(string.punctuation)))
fields.filter(length(col("rest")) > 0).write.mode("overwrite").json(os.environ["OUTPUT_PATH"])
