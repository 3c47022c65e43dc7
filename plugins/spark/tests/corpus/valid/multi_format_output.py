# [[objects]]
# uri = "s3://retail/sales.csv"
# columns = "order_id bigint, region string, product string, amount double, order_date date"

import os

from pyspark import StorageLevel
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

spark = SparkSession.builder.appName("outputs").getOrCreate()
df = spark.read.csv("s3://retail/sales.csv", header=True, inferSchema=True).persist(StorageLevel.MEMORY_AND_DISK)
out = os.environ["OUTPUT_PATH"]

for name, keys in [("by_region", ["region"]), ("by_product", ["product"]), ("by_both", ["region", "product"])]:
    df.groupBy(*keys).agg(F.sum("amount").alias("amount")).write.mode("overwrite").csv(f"{out}/{name}", header=True)

df.write.mode("overwrite").partitionBy("region").parquet(f"{out}/all")
df.limit(10).coalesce(1).write.mode("overwrite").json(f"{out}/sample")
df.select(F.concat_ws("|", *df.columns).alias("value")).write.mode("overwrite").text(f"{out}/text")
df.unpersist()
