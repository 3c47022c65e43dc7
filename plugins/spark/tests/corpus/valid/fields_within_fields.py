# [[objects]]
# uri = "s3://app/events/"
# format = "parquet"
# columns = "id bigint, user struct<name:string,city:string>, tags array<string>, attrs map<string,string>, items array<struct<sku:string,qty:int>>, at timestamp"

import os

from pyspark.sql import SparkSession
from pyspark.sql import functions as F

spark = SparkSession.builder.getOrCreate()
e = spark.read.parquet("s3://app/events/")
a = e.select(
    "user.name", "user.city", F.col("user")["name"].alias("n"), e.user.city.alias("c"), F.col("user.name").alias("m")
)
b = a.select("name", "city", "n", "c", "m")
c = (
    e.withColumn("user", F.col("user").withField("zip", F.lit("1")).dropFields("city"))
    .select("user.zip", "user.name")
    .select("zip")
)
d = e.select("user.*").select("name", "city")
x = e.select("id", F.explode("items").alias("item")).select("id", "item.*").select("sku", "qty")
y = e.select(F.explode("attrs")).select("key", "value")
z = e.select("id", F.posexplode("tags")).select("pos", "col")
w = e.select(F.posexplode("tags").alias("p", "t")).select("p", "t")
v = e.select(F.inline("items")).select("sku", "qty")
u = e.selectExpr("id", "inline(items) as (s, q)").select("s", "q")
t = e.selectExpr("id", "explode(attrs) as (k, v)").select("k", "v")
s = e.selectExpr("user.name", "posexplode(tags)").select("name", "pos", "col")
r = e.select(F.struct("id", F.col("user.name").alias("who")).alias("s")).select("s.id", "s.who").select("who")
q = e.select(e["user.name"], e["items"][0]["sku"].alias("sku")).select("name", "sku")
p = e.select(F.col("items").getItem(0).getField("qty")).toDF("q").select("q")
o = e.select(F.col("attrs")["k"], F.col("user").getField("city"), F.json_tuple(F.to_json(F.col("user")), "name")).columns
g = e.groupBy("user.city").agg(F.count("*").alias("n")).select("city", "n")
h = e.select(F.col("items.sku")).select("sku")
i = (
    e.filter("user.name = 'alpha' and exists(items, i -> i.qty > 0)")
    .select(F.transform("items", lambda i: i["qty"] + 1).alias("q"))
    .select("q")
)
j = (
    e.select("id", F.from_json(F.to_json(F.col("user")), "name string, zip string").alias("j"))
    .select("j.zip", "j.name")
    .select("zip")
)
for f in (b, c, d, x, y, z, w, v, u, t, s, r, q, p, g, h, i, j):
    print(f.count())
out = b
out.write.mode("overwrite").parquet(os.environ["OUTPUT_PATH"])
