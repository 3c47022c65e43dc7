# [[objects]]
# uri = "s3://retail/sales.csv"
# columns = "order_id bigint, region string, product string, amount double, order_date date"

import os

from pyspark.sql import SparkSession
from pyspark.sql import functions as F

spark = SparkSession.builder.getOrCreate()
df = spark.read.csv("s3://retail/sales.csv", header=True, inferSchema=True)
frames = {"sales": df, "by_region": df.groupBy("region").count()}
frames.update(by_product=df.groupBy("product").agg(F.sum("amount").alias("total")))


def enrich(frames, name, f):
    frames[name] = f(frames[name])


enrich(frames, "sales", lambda d: d.withColumn("year", F.year("order_date")))
frames |= {"years": frames["sales"].select("year").distinct()}
for name in list(frames):
    frames[f"{name}_n"] = frames[name].withColumn("n", F.lit(name))
frames = {k: v for k, v in frames.items() if not k.endswith("_n_n")}
frames.pop("by_region")
keys = [k for k in frames if k.endswith("_n")]
first, *others = [frames[k] for k in keys]
u = first.unionByName(others[-1], allowMissingColumns=True).select("n", "year")
sales, products = frames["sales"], frames.get("by_product", None)
pair = {"left": sales, "right": products}
out = pair["left"].join(pair["right"], "product").select("year", "total")
print(u.count(), frames["sales_n"].select("n").count())
out.write.mode("overwrite").parquet(os.environ["OUTPUT_PATH"])
