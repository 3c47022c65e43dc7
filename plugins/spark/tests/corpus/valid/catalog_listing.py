# [[tables]]
# name = "sales.orders"
# columns = "order_id bigint, customer_id bigint, total double, status string"

import os
from pyspark.sql import SparkSession
from pyspark.sql.functions import col

spark = SparkSession.builder.enableHiveSupport().getOrCreate()
database, table = "sales", "orders"
qualified = f"{database}.{table}"
orders = spark.table(qualified)
orders.createOrReplaceTempView("orders")
columns = [c.name for c in orders.schema if c.dataType.simpleString() in {"bigint", "double"}]
numeric = spark.sql(f"SELECT {', '.join(columns)} FROM orders WHERE total IS NOT NULL")
numeric.select([col(c).cast("string").alias(c) for c in columns]).summary("min", "max").write.mode("overwrite").csv(
    os.environ["OUTPUT_PATH"], header=True
)
