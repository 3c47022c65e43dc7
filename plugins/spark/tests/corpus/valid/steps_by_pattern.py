# [[objects]]
# uri = "s3://retail/sales.csv"
# columns = "order_id bigint, region string, product string, amount double, order_date date"

import os

from pyspark.sql import SparkSession
from pyspark.sql import functions as F

spark = SparkSession.builder.getOrCreate()
df = spark.read.csv("s3://retail/sales.csv", header=True, inferSchema=True)


def run(frame, spec):
    match spec:
        case str() as name:
            return frame.select(name)
        case {"rename": {**pairs}}:
            return frame.withColumnsRenamed(pairs)
        case ["drop", *names]:
            return frame.drop(*names)
        case ("add", name, value):
            return frame.withColumn(name, F.lit(value))
        case int(n) if n > 0:
            return frame.limit(n)
        case _:
            return frame


print(df.select("region").distinct().count())
a = run(df, "region").select("region")
b = run(df, {"rename": {"region": "area"}}).select("area")
c = run(df, ["drop", "region"]).select("amount")
d = run(df, ("add", "x", 1)).select("x")
e = run(df, 3).select("region")
mode = "full"
match mode:
    case "narrow":
        f = df.select("region")
    case "full" | "wide":
        f = df.withColumn("year", F.lit(1))
    case _:
        f = df
match "cost" in df.columns:
    case True:
        g = df.select("cost")
    case False:
        g = df.withColumn("cost", F.lit(1))
out = f.select("year")
g.select("cost").show()
for x in (a, b, c, d, e):
    x.show()
out.write.mode("overwrite").parquet(os.environ["OUTPUT_PATH"])
