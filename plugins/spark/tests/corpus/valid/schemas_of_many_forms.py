# [[objects]]
# uri = "s3://retail/sales.csv"
# columns = "order_id bigint, region string, product string, amount double, order_date date"

import os

from pyspark.sql import SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import *

spark = SparkSession.builder.getOrCreate()
df = spark.read.csv("s3://retail/sales.csv", header=True, inferSchema=True)
s = StructType().add("order_id", LongType()).add(StructField("area", StringType(), True)).add("item", "string")
s.add("value", DoubleType())
s = StructType(s.fields + [StructField("day", DateType())])
a = spark.read.schema(s).option("header", True).csv("s3://retail/sales.csv").select("area", "day")
b = spark.createDataFrame([(1, "x", True)], ["id", "name"]).select("id", "_3")
c = spark.createDataFrame([{"a": 1, "b": "x"}]).select("a", "b")
d = spark.createDataFrame([1, 2, 3], "int").select("value")
from pyspark.sql import Row

P = Row("name", "age")
e = spark.createDataFrame([P("a", 1), P("b", 2)]).select("age")
f = spark.createDataFrame([Row(x=1, y="a")], "x: int, y: string").select("y")
g = spark.createDataFrame([(1, [("a", 2)])], "id int, items array<struct<sku:string,n:int>> COMMENT 'a, b < c'").select(
    "id", "items.sku"
)
t = StructType.fromDDL("u int, v string")
h = spark.createDataFrame([(1, "a")], t).select("u", "v")
t2 = StructType.fromJson(s.jsonValue())
t2.fields.append(StructField("more", StringType()))
i = spark.createDataFrame([(1,)], StructType([StructField("n", IntegerType())])).select("n")
j = spark.range(3).withColumn("x", F.col("id") * 2).select("x")
df.select("region").show(1)
k = spark.createDataFrame([], schema=df.schema).select("region")
l = spark.createDataFrame(df.rdd.map(lambda r: (r.region, r.amount)), ["r", "a"]).select("a") if False else k
for x in (b, c, d, e, f, g, h, i, j, k, l):
    print(x.count())
out = a
out.write.mode("overwrite").parquet(os.environ["OUTPUT_PATH"])
