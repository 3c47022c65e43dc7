# [[objects]]
# uri = "s3://weather/daily.csv"
# columns = "station string, day date, tmin double, tmax double, rain double"

import os
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

spark = SparkSession.builder.appName("cache").getOrCreate()
daily = spark.read.csv("s3://weather/daily.csv", header=True, inferSchema=True)
daily.cache()
before = daily.count()
daily = daily.repartition(4, "station").localCheckpoint()
dry = daily.filter(F.col("rain") == 0)
after = dry.count()
print("rows", before, "dry", after, "partitions", daily.rdd.getNumPartitions())
if before and after / before > 0.5:
    print("mostly dry")
acc = spark.sparkContext.accumulator(0)
known = spark.sparkContext.broadcast({"alpha", "beta"})
dry.foreach(lambda row: acc.add(1 if row.station in known.value else 0))
dry.sortWithinPartitions("day").coalesce(2).write.mode("overwrite").parquet(os.environ["OUTPUT_PATH"])
daily.unpersist()
print(acc.value)
