# [[tables]]
# name = "sales.orders"
# columns = "order_id bigint, customer_id bigint, total double, status string"

import os
from pyspark.sql import SparkSession

spark = SparkSession.builder.appName("use").enableHiveSupport().getOrCreate()
spark.sql("SET spark.sql.shuffle.partitions = 4")
spark.sql("USE sales")
spark.sql("SHOW TABLES").show()
spark.sql("DESCRIBE TABLE sales.orders").show(truncate=False)
if not spark.catalog.tableExists("sales.orders"):
    raise RuntimeError("sales.orders is missing")
frame = spark.sql("SELECT status, avg(total) AS mean FROM orders GROUP BY status")
frame.createOrReplaceTempView("means")
spark.sql("CACHE TABLE means")
spark.table("means").write.mode("overwrite").parquet(os.environ["OUTPUT_PATH"])
spark.sql("UNCACHE TABLE means")
spark.sql("DROP VIEW IF EXISTS means")
