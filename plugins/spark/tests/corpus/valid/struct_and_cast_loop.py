# [[objects]]
# uri = "s3://raw/mixed.csv"
# columns = "id bigint, number_text string, date_text string, price_text string"

import os
from pyspark.sql import SparkSession
from pyspark.sql import functions as F, types as T

CASTS = {"number_text": T.IntegerType(), "id": T.LongType()}

spark = SparkSession.builder.appName("casts").getOrCreate()
raw = spark.read.option("header", True).csv("s3://raw/mixed.csv")
typed = raw
for name, kind in CASTS.items():
    typed = typed.withColumn(name, F.expr(f"try_cast({name} as {kind.simpleString()})"))
typed = typed.withColumn("day", F.try_to_timestamp("date_text", F.lit("dd/MM/yyyy")).cast("date"))
typed = typed.withColumn("price", F.regexp_replace("price_text", "[$,]", "").cast("decimal(10,2)"))
bad = typed.filter(F.col("number_text").isNull() | F.col("day").isNull())
typed.select("id", "number_text", "day", "price", F.struct("day", "price").alias("both")).write.mode("overwrite").parquet(
    f"{os.environ['OUTPUT_PATH']}/typed"
)
bad.select("id", *[F.col(c).alias(f"raw_{c}") for c in ("date_text", "price_text")]).write.mode("overwrite").json(
    f"{os.environ['OUTPUT_PATH']}/bad"
)
