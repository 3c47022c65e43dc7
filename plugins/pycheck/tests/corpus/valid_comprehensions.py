import os

from pyspark.sql import SparkSession
from pyspark.sql import functions as F

spark = SparkSession.builder.appName("enginehouse").getOrCreate()
output = os.environ["OUTPUT_PATH"]
df = spark.read.option("header", True).option("inferSchema", True).csv("s3://data/sales.csv")
numbers = [n for n in df.columns if n.startswith("n")]
pairs = {a: b for a, b in zip(numbers, range(len(numbers)))}
flat = [x for row in [[1, 2], [3]] for x in row if x > 1]
names = {name.lower() for name in pairs}
total = sum(value for value in pairs.values())
print(flat, names, total, [y := 2, y * 2])
result = df.select([F.col(c).alias(c.lower()) for c in df.columns])
result.write.mode("overwrite").parquet(output)
result.show()
spark.stop()
