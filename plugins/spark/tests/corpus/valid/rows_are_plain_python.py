# [[objects]]
# uri = "s3://retail/sales.csv"
# columns = "order_id bigint, region string, product string, amount double, order_date date"

import os
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

spark = SparkSession.builder.appName("rows").getOrCreate()
sales = spark.read.csv("s3://retail/sales.csv", header=True, inferSchema=True)

totals = sales.groupBy("region").agg(F.sum("amount").alias("total"), F.count("*").alias("n"))
rows = totals.collect()
large = [r for r in rows if r.total > 100 and r["n"] > 1 or not r.region]
first = totals.orderBy(F.desc("total")).first()
if first is not None and first["total"] > 10 and not first.region.startswith("x"):
    print("best:", first.region, "first" if first["n"] > 3 else "only")
kept = sales.rdd.filter(lambda r: r.amount > 1 and r.region != "north" and not r["product"].startswith("z"))
pairs = kept.map(lambda r: (r.region, r.amount if r.amount and r.amount > 0 else 0.0)).reduceByKey(lambda a, b: a if a > b else b)
for row in totals.toLocalIterator():
    if row.n and row.total / row.n > 50:
        print(f"{row.region} is expensive")
pairs.toDF("region string, best double").write.mode("overwrite").parquet(os.environ["OUTPUT_PATH"])
print(len(large))
