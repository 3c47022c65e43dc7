# [[objects]]
# uri = "s3://retail/sales.csv"
# columns = "order_id bigint, region string, product string, amount double, order_date date"

from pyspark.sql import SparkSession, functions as F

spark = SparkSession.builder.getOrCreate()
df = spark.read.option("header", "true").option("inferSchema", "true").csv("s3://retail/sales.csv")
total, = df.agg(F.sum("amount")).first()
best = df.groupBy("region").agg(F.sum("amount").alias("s")).orderBy(F.desc("s")).limit(3).collect()
print("Total:", total)
for position, row in enumerate(best, start=1):
    print(f"{position}. {row.region:<10} {row['s']:>12,.2f}")
print({r["region"]: r["n"] for r in df.groupBy("region").agg(F.count("*").alias("n")).collect()})
