# [[objects]]
# uri = "s3://retail/sales.csv"
# columns = "order_id bigint, region string, product string, amount double, order_date date"

import os

from pyspark.sql import SparkSession
from pyspark.sql import functions as F

spark = SparkSession.builder.getOrCreate()
df = spark.read.csv("s3://retail/sales.csv", header=True, inferSchema=True)
df = df.filter(F.col("amount") > 0)
want = {"region", "discount", "amount"}
have = set(df.columns)
if want <= have:
    df.select("discount").show()
if want.issubset(df.columns):
    df.select("discount").show()
missing = want - have
for m in missing:
    df = df.withColumn(m, F.lit(0.0))
if not missing:
    df.select("nothing").show()
both = want & have
cols = [c for c in ["region", "other"] if c in have]
opt = next((c for c in ("price", "amount") if c in have), None)
out = df.select(*cols, opt, *(want & set(df.columns)) - set(cols) - {opt})
types = dict(df.dtypes)
if "price" in types:
    df = df.withColumn("price", F.col("price").cast("double"))
if types.get("cost"):
    df = df.drop("x").select("cost")
if any(c.startswith("cost") for c in df.columns):
    df = df.select("cost_a")
if all(c in df.columns for c in ["p", "q"]):
    df = df.select("p", "q")
if df.schema.simpleString().find("cost") >= 0:
    df = df.select("cost")
if len([c for c in df.columns if c == "cost"]) == 1:
    df = df.select("cost")
if len(df.columns) > 40:
    df = df.select("cost")
has = {c: c in df.columns for c in ["cost", "amount"]}
if has["cost"]:
    df = df.select("cost")
value = F.col("cost") if "cost" in df.columns else F.col("amount")
guard = "cost" in df.columns and df.filter("cost > 1").count() > 1
try:
    idx = df.columns.index("cost")
    df = df.select(df.columns[idx], "cost")
except ValueError:
    pass
out = out.select("discount", "region")
df.select(value.alias("v")).select("v").show()
out.write.mode("overwrite").parquet(os.environ["OUTPUT_PATH"])
