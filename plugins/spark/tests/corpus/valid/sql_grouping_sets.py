# [[tables]]
# name = "dw.fact_sales"
# columns = "sale_id bigint, store string, product string, amount double, sold_on date"

import os
from pyspark.sql import SparkSession

spark = SparkSession.builder.enableHiveSupport().appName("rollup").getOrCreate()

spark.sql("""
CREATE OR REPLACE TEMPORARY VIEW recent AS
SELECT *, EXTRACT(YEAR FROM sold_on) AS y, TRIM(BOTH ' ' FROM store) AS shop
FROM dw.fact_sales
WHERE sold_on BETWEEN DATE '2023-01-01' AND DATE '2024-12-31'
""")
cube = spark.sql("SELECT shop, product, SUM(amount) AS amount, GROUPING_ID() AS g FROM recent GROUP BY shop, product WITH CUBE")
pivot = spark.sql("""
SELECT * FROM (SELECT shop, y, amount FROM recent)
PIVOT (SUM(amount) FOR y IN (2023, 2024))
""")
out = os.environ["OUTPUT_PATH"]
cube.write.mode("overwrite").parquet(out + "/cube")
pivot.write.mode("overwrite").parquet(out + "/pivot")
spark.catalog.dropTempView("recent")
