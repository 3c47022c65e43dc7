# output = "s3://results/team-a/churn"
# [[objects]]
# uri = "s3://crm/customers.csv"
# columns = "customer_id bigint, name string, country string, signup_date date"

import os
from pyspark.sql import SparkSession

output = os.environ.get("OUTPUT_PATH", "s3://results/team-a/churn")
spark = SparkSession.builder.getOrCreate()
df = spark.read.csv("s3://crm/customers.csv", header=True)
df.dropDuplicates(["customer_id"]).write.parquet(output, mode="overwrite")
