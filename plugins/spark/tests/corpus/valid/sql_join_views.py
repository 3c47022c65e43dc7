# [[objects]]
# uri = "s3://crm/customers.csv"
# columns = "customer_id bigint, name string, country string, signup_date date"
# [[objects]]
# uri = "s3://crm/orders.csv"
# columns = "order_id bigint, customer_id bigint, amount double, order_date date"

from pyspark.sql import SparkSession
import os

spark = SparkSession.builder.appName("join").getOrCreate()

for view, path in {"customers": "s3://crm/customers.csv", "orders": "s3://crm/orders.csv"}.items():
    spark.read.csv(path, header=True, inferSchema=True).createOrReplaceTempView(view)

result = spark.sql("""
    SELECT c.country, COUNT(DISTINCT o.customer_id) AS buyers, ROUND(SUM(o.amount), 2) AS revenue
    FROM orders AS o
    LEFT JOIN customers AS c ON o.customer_id = c.customer_id
    GROUP BY c.country
    HAVING SUM(o.amount) > 0
    ORDER BY revenue DESC
""")
result.write.mode("overwrite").json(os.environ["OUTPUT_PATH"])
result.show()
