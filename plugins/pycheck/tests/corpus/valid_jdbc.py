import os

from pyspark.sql import SparkSession

spark = SparkSession.builder.appName("jdbc").getOrCreate()
url = "jdbc:postgresql://db:5432/sales"
user = os.environ["DB_USER"]
password = os.environ["DB_PASSWORD"]
df = (
    spark.read.format("jdbc")
    .option("url", url)
    .option("dbtable", "public.orders")
    .option("user", user)
    .option("password", password)
    .load()
)
properties = {"user": user, "password": password, "driver": "org.postgresql.Driver"}
other = spark.read.jdbc(url=url, table="public.items", properties=properties)
print(f"connected to {url} as {user}", len(password) > 0)
df.join(other, "id").write.mode("overwrite").parquet(os.environ["OUTPUT_PATH"])
