# [[objects]]
# uri = "s3://retail/sales.csv"
# columns = "order_id bigint, region string, product string, amount double, order_date date"

import os
from pyspark.sql import SparkSession

spark = SparkSession.builder.getOrCreate()
spark.read.csv("s3://retail/sales.csv", header=True, inferSchema=True).createOrReplaceTempView("sales")
output = os.environ["OUTPUT_PATH"]
spark.sql(f"""
    INSERT OVERWRITE DIRECTORY '{output}'
    USING parquet
    SELECT region, sum(amount) AS amount FROM sales GROUP BY region
""")
