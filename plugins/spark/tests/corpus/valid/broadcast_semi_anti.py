# [[objects]]
# uri = "s3://crm/customers.csv"
# columns = "customer_id bigint, name string, country string, signup_date date"
# [[objects]]
# uri = "s3://crm/orders.csv"
# columns = "order_id bigint, customer_id bigint, amount double, order_date date"

import os

from pyspark.sql import SparkSession
from pyspark.sql import functions as f
from pyspark.sql.functions import broadcast

spark = SparkSession.builder.appName("churn").getOrCreate()
reader = spark.read.options(header=True, inferSchema=True)
customers = reader.csv("s3://crm/customers.csv")
orders = reader.csv("s3://crm/orders.csv")

active = customers.join(orders, on="customer_id", how="left_semi")
inactive = customers.join(orders, ["customer_id"], "left_anti").withColumn("segment", f.lit("inactive"))
spend = orders.join(broadcast(customers), "customer_id").groupBy("country").agg(f.sum("amount").alias("spend"))

out = os.environ["OUTPUT_PATH"].rstrip("/")
active.write.mode("overwrite").parquet(out + "/active")
inactive.write.mode("overwrite").parquet(out + "/inactive")
spend.repartition(1).write.mode("overwrite").parquet(out + "/spend")
