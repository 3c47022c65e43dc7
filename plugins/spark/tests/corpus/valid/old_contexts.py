# [[objects]]
# uri = "s3://logs/app/"
# format = "text"
# columns = "value string"

import os
from pyspark import SparkConf, SparkContext
from pyspark.sql import Row, SparkSession

conf = SparkConf().setAppName("old style")
sc = SparkContext.getOrCreate(conf=conf)
spark = SparkSession(sc)

lines = sc.textFile("s3://logs/app/")
errors = lines.filter(lambda line: "ERROR" in line and not line.startswith("#"))
parts = errors.map(lambda line: line.split(" ", 3)).filter(lambda words: len(words) > 3)
df = parts.map(lambda words: Row(day=words[0], component=words[3][:4])).toDF(["day", "component"])
df.createOrReplaceTempView("errors")
spark.sql("SELECT component, COUNT(*) AS n FROM errors GROUP BY component").write.mode("overwrite").csv(os.environ["OUTPUT_PATH"])
