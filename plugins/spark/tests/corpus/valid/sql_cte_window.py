# [[objects]]
# uri = "s3://warehouse/orders/"
# format = "parquet"
# columns = "order_id bigint, customer_id bigint, status string, total decimal(10,2), created_at timestamp"

import os

from pyspark.sql import SparkSession

spark = SparkSession.builder.appName("sql").getOrCreate()

spark.read.parquet("s3://warehouse/orders").createOrReplaceTempView("orders")

QUERY = """
WITH paid AS (
    SELECT customer_id, order_id, total, created_at
    FROM orders
    WHERE status = 'paid' -- DROP TABLE is not what this does
),
ranked AS (
    SELECT
        p.*,
        ROW_NUMBER() OVER (PARTITION BY customer_id ORDER BY created_at DESC) AS rn,
        SUM(total) OVER (PARTITION BY customer_id) AS lifetime
    FROM paid p
)
SELECT customer_id, order_id, total, lifetime
FROM ranked
WHERE rn <= 3
ORDER BY lifetime DESC, customer_id, rn
"""

result = spark.sql(QUERY)
result.show(20, False)
result.write.mode("overwrite").parquet(os.environ["OUTPUT_PATH"])
