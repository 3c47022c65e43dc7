# [[objects]]
# uri = "s3://shop/baskets.parquet"
# format = "parquet"
# columns = "basket bigint, tags array<string>, counts map<string,int>, customer string, points array<struct<x:int,y:int>>"

import os
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

spark = SparkSession.builder.getOrCreate()
df = spark.read.parquet("s3://shop/baskets.parquet")
out = os.environ["OUTPUT_PATH"]

df.select("basket", F.explode("tags")).filter(F.col("col") != "").groupBy("col").count().filter("count > 0").orderBy(
    F.col("count").desc()
).write.mode("overwrite").parquet(f"{out}/tags")
df.select(F.explode("counts")).groupBy("key").agg(F.sum("value")).withColumnRenamed("sum(value)", "n").select("key", "n").write.mode(
    "overwrite"
).parquet(f"{out}/counts")
df.select("customer", F.posexplode("tags")).where("pos = 0").select("customer", "col").write.mode("overwrite").parquet(f"{out}/first")
df.selectExpr("basket", "inline(points)").select("basket", "x", "y").write.mode("overwrite").parquet(f"{out}/points")
df.groupBy("customer").count().groupBy("count").agg(F.collect_list("customer").alias("who")).select("count", "who").write.mode(
    "overwrite"
).parquet(f"{out}/histogram")
df.describe("basket").select("summary", "basket").show()
df.agg(F.max("basket"), F.avg("basket")).select("max(basket)", F.col("avg(basket)").alias("mean")).show()
