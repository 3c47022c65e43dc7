# [[objects]]
# uri = "s3://crm/customers.csv"
# columns = "customer_id bigint, name string, country string, signup_date date"
# [[objects]]
# uri = "s3://crm/orders.csv"
# columns = "order_id bigint, customer_id bigint, amount double, order_date date"

import os
import sys

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F


def enrich(orders: DataFrame, customers: DataFrame = None, columns=None) -> DataFrame:
    columns = columns or ["name", "country"]
    if customers is None:
        return orders.withColumn("name", F.lit(None)).withColumn("country", F.lit("unknown"))
    return orders.join(customers.select("customer_id", *columns), "customer_id", "left")


def collect_conditions(least=None, country=None):
    condition = None
    for name, value in (("amount", least), ("country", country)):
        if value is not None:
            part = F.col(name) >= value
            condition = part if condition is None else condition & part
    return condition


spark = SparkSession.builder.getOrCreate()
orders = spark.read.csv("s3://crm/orders.csv", header=True, inferSchema=True)
customers = None
if len(sys.argv) > 1:
    customers = spark.read.csv("s3://crm/customers.csv", header=True, inferSchema=True)
full = enrich(orders, customers)
where = collect_conditions(least=10, country=os.environ.get("COUNTRY"))
if where is not None:
    full = full.filter(where)
total = None
for year in (2023, 2024):
    part = full.filter(F.year("order_date") == year).groupBy("country").agg(F.sum("amount").alias(f"amount_{year}"))
    total = part if total is None else total.join(part, "country", "outer")
total.withColumn("growth", F.col("amount_2024") - F.col("amount_2023")).write.mode("overwrite").parquet(os.environ["OUTPUT_PATH"])
