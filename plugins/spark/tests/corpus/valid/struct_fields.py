# [[objects]]
# uri = "s3://events/nested/"
# format = "parquet"
# columns = "id string, user struct<name:string,address:struct<city:string,zip:string>>, items array<struct<sku:string,qty:int>>"

import os
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

spark = SparkSession.builder.getOrCreate()
df = spark.read.parquet("s3://events/nested/")
flat = df.select("id", "user.name", F.col("user.address.city"), df.user.address.zip.alias("zip"), df["items"][0].sku.alias("first_sku"))
flat = flat.where(F.col("name").isNotNull()).groupBy("city", "zip").agg(F.countDistinct("name").alias("names"))
wide = df.select("id", "user.*").select("id", "name", "address.*").withColumnRenamed("zip", "postcode").orderBy("city")
changed = df.withColumn("user", F.col("user").withField("name", F.upper("user.name")).dropFields("address")).select("user.name")
skus = df.select("id", F.explode("items").alias("item")).select("id", "item.sku", F.col("item")["qty"].alias("qty")).filter("qty > 0 and sku <> ''")
out = os.environ["OUTPUT_PATH"]
for name, frame in {"flat": flat, "wide": wide, "changed": changed, "skus": skus}.items():
    frame.write.mode("overwrite").parquet(f"{out}/{name}")
