# [[objects]]
# uri = "s3://retail/sales.csv"
# columns = "order_id bigint, region string, product string, amount double, order_date date"

import os

from pyspark.sql import SparkSession
from pyspark.sql import functions as F

spark = SparkSession.builder.getOrCreate()
df = spark.read.csv("s3://retail/sales.csv", header=True, inferSchema=True)
print(df.select("region").distinct().count())
g = df.groupBy("region")
a = (
    g.agg({"amount": "sum", "*": "count"})
    .withColumnRenamed("sum(amount)", "total")
    .withColumnRenamed("count(1)", "n")
    .select("total", "n")
)
b = g.sum("amount", "order_id").toDF("area", "x", "y").select("area", "x")
c = g.pivot("product").sum("amount").select("alpha")
d = (
    g.pivot("product", ["alpha", "beta"])
    .agg(F.sum("amount").alias("s"), F.count("amount").alias("n"))
    .select("alpha_s", "beta_n")
)
e = df.cube("region", F.col("product")).agg(F.grouping_id().alias("gid"), F.sum("amount")).select("gid", "sum(amount)")
f = df.rollup("region").count().select("count", "region")
h = df.agg(F.min("amount"), F.max("amount").alias("top")).select("min(amount)", "top")
i = df.groupBy().max("amount").select("max(amount)")
j = (
    df.groupBy(F.year("order_date").alias("year"), F.col("region").alias("area"))
    .count()
    .orderBy("year")
    .select("area", "year", "count")
)
k = df.groupBy(F.window("order_date", "1 day")).count().select("window.start", "count").select("start")
l = df.stat.crosstab("region", "product").select("region_product", "alpha")
m = df.freqItems(["region"]).select("region_freqItems")
n = df.describe("amount").filter("summary = 'mean'").select("summary", "amount")
o = df.summary("count").select("summary")
p = g.count().filter("count > 0").withColumnRenamed("count", "n").select("n")
q = df.groupingSets([["region"], []], "region").agg(F.sum("amount").alias("t")).select("region", "t")
r = df.groupBy(F.upper("region")).count().select("upper(region)")
for x in (a, b, c, d, e, f, h, i, j, k, l, m, n, o, p, q, r):
    print(x.count())
if "sum(amount)" in g.sum("amount").columns:
    t = g.sum("amount").withColumnRenamed("sum(amount)", "total")
else:
    t = g.sum("amount")
out = t.select("total")
out.write.mode("overwrite").parquet(os.environ["OUTPUT_PATH"])
