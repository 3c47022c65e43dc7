# [[objects]]
# uri = "s3://crm/customers.csv"
# columns = "customer_id bigint, name string, country string, signup_date date"
# [[objects]]
# uri = "s3://crm/orders.csv"
# columns = "order_id bigint, customer_id bigint, amount double, order_date date"

import os

from pyspark.sql import DataFrame, SparkSession, Window
from pyspark.sql import functions as F


def latest(df: DataFrame, key: str, order: str) -> DataFrame:
    window = Window.partitionBy(key).orderBy(F.col(order).desc())
    return df.withColumn("_row", F.row_number().over(window)).filter(F.col("_row") == 1).drop("_row")


def rename_all(df: DataFrame, prefix: str, keep=()) -> DataFrame:
    for column in df.columns:
        if column not in keep:
            df = df.withColumnRenamed(column, prefix + column)
    return df


def trimmed(df, columns):
    for column in columns:
        df = df.withColumn(column, F.trim(F.col(column)))
    return df


def main():
    spark = SparkSession.builder.getOrCreate()
    customers = spark.read.csv("s3://crm/customers.csv", header=True, inferSchema=True)
    orders = spark.read.csv("s3://crm/orders.csv", header=True, inferSchema=True)
    customers = trimmed(latest(customers, "customer_id", "signup_date"), ["name", "country"])
    newest = latest(orders, key="customer_id", order="order_date")
    left = rename_all(customers, "c_")
    right = rename_all(newest, "o_", keep=("customer_id",))
    both = left.join(right, left.c_customer_id == right.customer_id)
    both.select("c_name", "c_country", "o_amount", "customer_id").write.mode("overwrite").parquet(os.environ["OUTPUT_PATH"])


main()
