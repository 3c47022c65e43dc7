# [[objects]]
# uri = "s3://events/raw/"
# format = "json"
# columns = "id string, user struct<name:string,age:int>, items array<struct<sku:string,qty:int,price:double>>, attrs map<string,string>"

import os
from pyspark.sql import SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import ArrayType, StructType


def flatten(df):
    """Struct columns become columns of their own, as often as needed."""
    while True:
        nested = [f.name for f in df.schema.fields if isinstance(f.dataType, StructType)]
        if not nested:
            return df
        for name in nested:
            children = [F.col(f"{name}.{child}").alias(f"{name}_{child}") for child in df.schema[name].dataType.names]
            df = df.select("*", *children).drop(name)


spark = SparkSession.builder.getOrCreate()
events = spark.read.json("s3://events/raw/")
for field in events.schema.fields:
    if isinstance(field.dataType, ArrayType):
        events = events.withColumn(field.name, F.explode_outer(field.name))
flat = flatten(events).drop("attrs")
flat.write.mode("overwrite").parquet(os.environ["OUTPUT_PATH"])
