# [[objects]]
# uri = "s3://warehouse/orders/"
# format = "parquet"
# columns = "order_id bigint, customer_id bigint, status string, total decimal(10,2), created_at timestamp"

import os
from pyspark.sql import SparkSession

spark = SparkSession.builder.getOrCreate()
df = spark.sql("SELECT status, count(*) AS n FROM parquet.`s3://warehouse/orders/` GROUP BY status")
df.write.mode("overwrite").orc(os.environ["OUTPUT_PATH"])
df.show()
