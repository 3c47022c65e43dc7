# [[objects]]
# uri = "s3://retail/sales.csv"
# columns = "order_id bigint, region string, product string, amount double, order_date date"

import os

from pyspark.sql import SparkSession

spark = SparkSession.builder.getOrCreate()
df = spark.read.csv("s3://retail/sales.csv", header=True, inferSchema=True)
df.select("product").show(3)
selected = ["region"]


def want(*more):
    selected.extend(more)
    return selected


def forget(name, of=selected):
    of.remove(name)


want("amount", "missing")
forget("missing")
out = df.select(selected)
other = selected
other += ["product"]
other.insert(0, "order_id")
out = df.select(*selected).select("product", "order_id")
x, *rest = selected
nested = {"a": {"cols": selected}}
nested["a"]["cols"].append("order_date")
df.select(selected).select("order_date").show()
out.write.mode("overwrite").parquet(os.environ["OUTPUT_PATH"])
