# [[objects]]
# uri = "s3://retail/sales.csv"
# columns = "order_id bigint, region string, product string, amount double, order_date date"

import os

from pyspark.sql import SparkSession
from pyspark.sql import functions as F

spark = SparkSession.builder.getOrCreate()
df = spark.read.csv("s3://retail/sales.csv", header=True, inferSchema=True)


def project(df, spec):
    if isinstance(spec, str):
        return df.select(spec)
    if isinstance(spec, dict):
        return df.select([F.col(old).alias(new) for new, old in spec.items()])
    if callable(spec):
        return spec(df)
    return df.select(*spec)


print(df.select("product").distinct().count())
a = project(df, "region")
b = project(df, {"area": "region", "value": "amount"})
c = project(df, ["region", "amount"])
d = project(df, lambda d: d.select("product"))
out = b.groupBy("area").agg(F.sum("value").alias("v"))
out.write.mode("overwrite").parquet(os.environ["OUTPUT_PATH"])
