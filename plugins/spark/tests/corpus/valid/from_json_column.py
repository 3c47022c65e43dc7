# [[objects]]
# uri = "s3://events/flat.csv"
# columns = "event_id string, payload_json string, received timestamp"

import os
from pyspark.sql import SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import *

payload = (
    StructType()
    .add("kind", StringType())
    .add("tags", ArrayType(StringType()))
    .add("amount", DoubleType())
)

spark = SparkSession.builder.appName("json in csv").getOrCreate()
df = spark.read.option("header", True).option("escape", '"').csv("s3://events/flat.csv")
parsed = df.withColumn("p", F.from_json("payload_json", payload))
flat = parsed.select("event_id", "p.kind", F.explode_outer("p.tags").alias("tag"), F.col("p.amount").alias("amount"))
flat.groupBy("kind", "tag").agg(F.sum("amount").alias("amount"), F.count(F.lit(1)).alias("n")).write.mode(
    "overwrite"
).json(os.environ["OUTPUT_PATH"])
