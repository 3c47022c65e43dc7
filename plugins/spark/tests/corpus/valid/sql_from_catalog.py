# [[tables]]
# name = "sales.orders"
# columns = "order_id bigint, customer_id bigint, total double, status string"
# [[tables]]
# name = "sales.customers"
# columns = "customer_id bigint, name string, country string"

import os
from pyspark.sql import SparkSession

with_hive = SparkSession.builder.enableHiveSupport()
spark = with_hive.getOrCreate()

min_total = 10
frame = spark.sql(
    f"""
    select /*+ BROADCAST(c) */ c.country, o.status, count(*) as n, percentile_approx(o.total, 0.5) as median
    from `sales`.`orders` o
      inner join SALES.customers c using (customer_id)
    where o.total > {min_total}
      and exists (select 1 from sales.customers x where x.customer_id = o.customer_id)
    group by c.country, o.status
    """
)
frame.write.mode("overwrite").option("header", "true").csv(os.environ["OUTPUT_PATH"])
