# [[objects]]
# uri = "s3://crm/orders.csv"
# columns = "order_id bigint, customer_id bigint, amount double, order_date date"

import os
from pyspark.sql import SparkSession

spark = SparkSession.builder.getOrCreate()
spark.read.csv("s3://crm/orders.csv", header=True, inferSchema=True).createOrReplaceTempView("orders")
steps = {
    "monthly": "SELECT month(order_date) AS m, customer_id AS c, sum(amount) AS total FROM orders GROUP BY 1, 2",
    "ranked": "SELECT *, rank() OVER (PARTITION BY m ORDER BY total DESC) AS place FROM monthly",
    "best": "SELECT m, c, total FROM ranked WHERE place = 1",
}
for view, query in steps.items():
    spark.sql(query).createOrReplaceTempView(view)
result = spark.table("best").selectExpr("m as month", "c as customer", "total").orderBy("month")
checks = spark.sql("SELECT count(*) AS n, (SELECT max(total) FROM best) AS top FROM orders o WHERE o.amount > (SELECT avg(amount) FROM orders)")
result.write.mode("overwrite").parquet(os.environ["OUTPUT_PATH"])
checks.show()
