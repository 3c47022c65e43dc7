# [[objects]]
# uri = "s3://events/raw/"
# format = "parquet"
# columns = "id string, user struct<name:string,age:int>, items array<struct<sku:string,qty:int,price:double>>, attrs map<string,string>"

import os
from pyspark.sql import SparkSession

spark = SparkSession.builder.appName("lateral").getOrCreate()
spark.read.parquet("s3://events/raw/*").createOrReplaceTempView("events")
spark.sql("""
    SELECT e.id, e.user.name, i.sku, i.qty * i.price AS cost, k, v
    FROM events e
    LATERAL VIEW explode(items) t AS i
    LATERAL VIEW OUTER explode(attrs) m AS k, v
""").createOrReplaceTempView("flat")
final = spark.sql("SELECT sku, sum(cost) AS cost, count(DISTINCT id) AS ids FROM flat GROUP BY ALL")
final.write.mode("overwrite").parquet(os.environ["OUTPUT_PATH"])
