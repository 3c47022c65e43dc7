# [[objects]]
# uri = "s3://warehouse/orders/"
# format = "parquet"
# columns = "order_id bigint, customer_id bigint, status string, total decimal(10,2), created_at timestamp"

import os

from pyspark.sql import SparkSession

spark = SparkSession.builder.getOrCreate()
orders = spark.read.parquet("s3a://warehouse/orders/")
top = spark.sql(
    "SELECT customer_id, sum(total) AS spent FROM {orders} WHERE status = :status GROUP BY customer_id",
    args={"status": "paid"},
    orders=orders,
)
top.write.mode("overwrite").parquet(os.environ["OUTPUT_PATH"])
