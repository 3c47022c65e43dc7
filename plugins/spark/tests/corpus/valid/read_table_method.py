# [[tables]]
# name = "sales.orders"
# columns = "order_id bigint, customer_id bigint, total double, status string"
# [[tables]]
# name = "sales.customers"
# columns = "customer_id bigint, name string, country string"

import os
from pyspark.sql import SparkSession, DataFrame
from pyspark.sql.functions import avg, col

DATABASE = "sales"


def read(spark: SparkSession, name: str) -> DataFrame:
    return spark.read.table(f"{DATABASE}.{name}")


if __name__ == "__main__":
    spark = (
        SparkSession.builder
        .appName("country averages")
        .config("spark.sql.shuffle.partitions", "8")
        .enableHiveSupport()
        .getOrCreate()
    )
    joined = read(spark, "orders").join(read(spark, "customers"), "customer_id", "inner")
    averages = joined.groupBy("country").agg(avg(col("total")).alias("average_total"))
    averages.write.mode("overwrite").format("json").save(os.environ["OUTPUT_PATH"])
