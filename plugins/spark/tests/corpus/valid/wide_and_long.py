# [[objects]]
# uri = "s3://retail/sales.csv"
# columns = "order_id bigint, region string, product string, amount double, order_date date"

import os

from pyspark.sql import SparkSession
from pyspark.sql import functions as F

spark = SparkSession.builder.getOrCreate()
df = spark.read.csv("s3://retail/sales.csv", header=True, inferSchema=True)
wide = df.groupBy("region").pivot("product", ["alpha", "beta"]).sum("amount")
a = wide.unpivot("region", ["alpha", "beta"], "product", "amount").select("product", "amount")
b = wide.melt(ids=["region"], values=None, variableColumnName="name", valueColumnName="value").select("name", "value")
c = wide.selectExpr("region", "stack(2, 'alpha', alpha, 'beta', beta) as (product, amount)").select("product", "amount")
d = (
    wide.select("region", F.expr("stack(2, 'alpha', alpha, 'beta', beta) as (product, amount)"))
    .where("amount is not null")
    .select("product")
)
e = wide.select(
    "region", F.stack(F.lit(2), F.lit("alpha"), F.col("alpha"), F.lit("beta"), F.col("beta")).alias("p", "q")
).select("p", "q")
t = df.agg(F.sum("amount").alias("total"), F.avg("amount").alias("mean")).transpose()
for f in (b, c, d, e, t):
    print(f.count())
out = a
out.write.mode("overwrite").parquet(os.environ["OUTPUT_PATH"])
