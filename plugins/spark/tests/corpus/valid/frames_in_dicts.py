# [[objects]]
# uri = "s3://crm/customers.csv"
# columns = "customer_id bigint, name string, country string, signup_date date"
# [[objects]]
# uri = "s3://crm/orders.csv"
# columns = "order_id bigint, customer_id bigint, amount double, order_date date"

import os

from pyspark.sql import SparkSession
from pyspark.sql import functions as F

SOURCES = {"customers": "s3://crm/customers.csv", "orders": "s3://crm/orders.csv"}

spark = SparkSession.builder.appName("crm").getOrCreate()
frames = {}
for name, path in SOURCES.items():
    frames[name] = spark.read.csv(path, header=True, inferSchema=True)
cleaned = {name: frame.dropDuplicates() for name, frame in frames.items()}
cleaned["orders"] = cleaned["orders"].filter(F.col("amount") > 0).withColumn("year", F.year("order_date"))
for name in cleaned:
    print(name, cleaned[name].columns)
joined = cleaned["orders"].join(cleaned["customers"], on="customer_id", how="inner")
summary = joined.groupBy("country", "year").agg(F.sum("amount").alias("amount"), F.countDistinct("name").alias("buyers"))
tables = [("summary", summary), ("orders", cleaned["orders"])]
for name, frame in tables:
    frame.write.mode("overwrite").parquet(f"{os.environ['OUTPUT_PATH']}/{name}")
print({name: frame.count() for name, frame in tables})
