# [[objects]]
# uri = "s3://crm/customers.csv"
# columns = "customer_id bigint, name string, country string, signup_date date"
# [[objects]]
# uri = "s3://crm/orders.csv"
# columns = "order_id bigint, customer_id bigint, amount double, order_date date"

import os
from pyspark.sql import SparkSession, Window
from pyspark.sql import functions as F

spark = SparkSession.builder.getOrCreate()
customers = spark.read.csv("s3://crm/customers.csv", header=True, inferSchema=True)
orders = spark.read.csv("s3://crm/orders.csv", header=True, inferSchema=True)
joined = orders.join(customers, "customer_id").select("name", "amount", "order_date", orders.customer_id, customers["country"])
joined = joined.withColumn("n", F.row_number().over(Window.partitionBy("country").orderBy(F.desc("amount")))).filter("n <= 3")
o, c = orders.alias("o"), customers.alias("c")
named = o.join(c, F.expr("o.customer_id = c.customer_id"), "left").where("c.country is not null").select("o.*", "c.name")
named = named.filter(F.col("amount") > 0).groupBy("name").agg(F.expr("sum(amount) as amount"))
both = orders.crossJoin(customers.select(F.col("customer_id").alias("other"))).where("customer_id = other").drop("other")
exists = customers.join(orders, customers.customer_id == orders.customer_id, "leftsemi").select("name", "signup_date")
result = joined.select("name").union(named.select("name")).union(exists.select("name")).intersect(customers.select("name")).distinct()
result.write.mode("overwrite").parquet(os.environ["OUTPUT_PATH"])
print(both.columns, both.count())
