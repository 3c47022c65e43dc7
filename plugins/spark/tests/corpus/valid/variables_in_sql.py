# [[objects]]
# uri = "s3://retail/sales.csv"
# columns = "order_id bigint, region string, product string, amount double, order_date date"

import os

from pyspark.sql import SparkSession
from pyspark.sql import functions as F

spark = SparkSession.builder.getOrCreate()
df = spark.read.csv("s3://retail/sales.csv", header=True, inferSchema=True)
df.createOrReplaceTempView("sales")
spark.sql("DECLARE OR REPLACE VARIABLE cutoff DOUBLE DEFAULT 5.0")
spark.sql("SET VAR cutoff = 10.0")
small = spark.sql("SELECT region, amount FROM sales WHERE amount > cutoff")
out = df.filter("amount > cutoff").select("region")
small.show()
df.select(F.expr("amount - cutoff AS rest")).show()
out.write.mode("overwrite").parquet(os.environ["OUTPUT_PATH"])
