# [[objects]]
# uri = "s3://retail/sales.csv"
# columns = "order_id bigint, region string, product string, amount double, order_date date"

from pyspark.sql import SparkSession
from pyspark.sql.functions import desc

spark = SparkSession.builder.appName("look").getOrCreate()
df = spark.read.option("header", "true").option("inferSchema", "true").csv("s3://retail/sales.csv")
df.printSchema()
df.describe("amount").show()
df.groupBy("region").count().sort(desc("count")).show(50, truncate=False)
spark.stop()
