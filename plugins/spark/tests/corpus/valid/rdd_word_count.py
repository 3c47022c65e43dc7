# [[objects]]
# uri = "s3://books/moby.txt"
# format = "text"
# columns = "value string"

import os
from operator import add

from pyspark.sql import SparkSession

spark = SparkSession.builder.appName("PythonWordCount").getOrCreate()

lines = spark.read.text("s3://books/moby.txt").rdd.map(lambda r: r[0])
counts = (
    lines.flatMap(lambda x: x.split(" "))
    .map(lambda x: (x.strip(".,;!?").lower(), 1))
    .reduceByKey(add)
    .filter(lambda pair: pair[0] != "")
)
top = counts.takeOrdered(10, key=lambda pair: -pair[1])
for word, count in top:
    print("%s: %i" % (word, count))

counts.toDF(["word", "n"]).write.mode("overwrite").csv(os.environ["OUTPUT_PATH"])
spark.stop()
