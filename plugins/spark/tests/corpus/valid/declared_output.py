# output = "s3://results/team-a/churn"
# [[objects]]
# uri = "s3://crm/customers.csv"
# columns = "customer_id bigint, name string, country string, signup_date date"

from pyspark.sql import SparkSession
from pyspark.sql.functions import col, months_between, current_date

spark = SparkSession.builder.appName("Churn").getOrCreate()
customers = spark.read.csv("s3://crm/customers.csv", header=True, inferSchema=True)
customers = customers.withColumn("tenure", months_between(current_date(), col("signup_date")))
customers.filter("tenure > 12").write.mode("overwrite").parquet("s3://results/team-a/churn/")
customers.groupBy("country").avg("tenure").write.mode("overwrite").csv("s3a://results/team-a/churn/by_country")
spark.stop()
