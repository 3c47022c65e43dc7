# [[objects]]
# uri = "s3://crm/customers.csv"
# columns = "customer_id bigint, name string, country string, signup_date date"
# [[objects]]
# uri = "s3://crm/orders.csv"
# columns = "order_id bigint, customer_id bigint, amount double, order_date date"

import os
from pyspark.sql import SparkSession, functions as F

spark = SparkSession.builder.appName("outer").getOrCreate()
customers = spark.read.csv("s3://crm/customers.csv", header=True, inferSchema=True)
orders = spark.read.csv("s3://crm/orders.csv", header=True, inferSchema=True)

per_customer = orders.groupBy("customer_id").agg(
    F.sum("amount").alias("spent"), F.max("order_date").alias("last_order"), F.count("order_id").alias("orders")
)
joined = (
    customers.join(per_customer, customers["customer_id"] == per_customer["customer_id"], "left")
    .drop(per_customer["customer_id"])
    .fillna({"spent": 0.0, "orders": 0})
)
joined = joined.withColumn("segment", F.when(F.col("orders") == 0, "new").when(F.col("spent") > 500, "vip").otherwise("regular"))
joined.select("customer_id", "name", "segment", "spent", "last_order").write.mode("overwrite").parquet(os.environ["OUTPUT_PATH"])
joined.groupBy("country", "segment").count().orderBy("country").show()
spark.stop()
