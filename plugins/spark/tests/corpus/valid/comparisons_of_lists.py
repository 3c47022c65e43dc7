# [[objects]]
# uri = "s3://retail/sales.csv"
# columns = "order_id bigint, region string, product string, amount double, order_date date"

import os
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

EXPECTED = ["order_id", "region", "product", "amount", "order_date"]
spark = SparkSession.builder.getOrCreate()
df = spark.read.csv("s3://retail/sales.csv", header=True, inferSchema=True)

if df.columns != EXPECTED or "region" not in df.columns or not set(EXPECTED) <= set(df.columns):
    raise ValueError(df.columns)
numbers = [name for name, kind in df.dtypes if kind in ("double", "bigint") and name not in ["order_id"]]
texts = [field.name for field in df.schema if field.dataType.typeName() == "string" or field.name in {"product"}]
regions = [row.region for row in df.select("region").distinct().collect() if row.region not in (None, "")]
others = df.filter(~F.col("region").isin(regions[:1]) & F.col("product").isNotNull()) if len(regions) > 1 else df
while len(others.columns) > 3 and others.columns[-1] not in numbers + ["region"]:
    others = others.drop(others.columns[-1])
assert others.columns == others.schema.names, "names differ"
others.select(*[F.col(c) for c in others.columns if c in numbers or c in texts]).write.mode("overwrite").parquet(os.environ["OUTPUT_PATH"])
