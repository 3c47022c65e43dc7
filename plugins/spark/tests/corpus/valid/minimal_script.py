# [[objects]]
# uri = "s3://a/b.csv"
# columns = "x int, y int"

import os, pyspark
spark = pyspark.sql.SparkSession.builder.getOrCreate()
d = spark.read.csv("s3://a/b.csv", header=True)
d.groupBy("x").count().write.mode("overwrite").csv(os.environ["OUTPUT_PATH"])
