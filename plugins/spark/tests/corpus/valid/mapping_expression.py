# [[objects]]
# uri = "s3://retail/sales.csv"
# columns = "order_id bigint, region string, product string, amount double, order_date date"

import os
from itertools import chain

from pyspark.sql import SparkSession
from pyspark.sql.functions import array, col, create_map, lit, map_from_entries, struct, transform, filter as array_filter

codes = {"north": "N", "south": "S", "east": "E", "west": "W"}
mapping = create_map(*[lit(x) for x in chain(*codes.items())])

spark = SparkSession.builder.getOrCreate()
df = spark.read.csv("s3://retail/sales.csv", header=True, inferSchema=True)
df = df.withColumn("code", mapping[col("region")])
df = df.withColumn("steps", transform(array(lit(1), lit(2), lit(3)), lambda x: x * col("amount")))
df = df.withColumn("big", array_filter("steps", lambda x: x > 100))
df = df.withColumn("m", map_from_entries(array(struct(lit("k"), col("product")))))
df.write.mode("overwrite").parquet(os.environ["OUTPUT_PATH"])
