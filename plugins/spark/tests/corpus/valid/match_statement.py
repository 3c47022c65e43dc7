# [[objects]]
# uri = "s3://iot/readings/"
# format = "json"
# columns = "device string, kind string, value double, at timestamp"

import os

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F


def converted(kind: str) -> Column:
    match kind:
        case "celsius":
            return F.col("value")
        case "fahrenheit":
            return (F.col("value") - 32) / 1.8
        case "kelvin":
            return F.col("value") - 273.15
        case other:
            raise ValueError(f"no unit: {other}")


def normalise(df: DataFrame) -> DataFrame:
    value = F.lit(None).cast("double")
    for kind in ("celsius", "fahrenheit", "kelvin"):
        value = F.when(F.col("kind") == kind, converted(kind)).otherwise(value)
    return df.withColumn("celsius", value)


spark = SparkSession.builder.appName("readings").getOrCreate()
readings = spark.read.json("s3://iot/readings/")
if (rows := readings.count()) == 0:
    print("nothing to do")
else:
    print(f"{rows} readings")
hourly = normalise(readings).groupBy("device", F.window("at", "1 hour").alias("w")).agg(F.avg("celsius").alias("mean"))
hourly.select("device", F.col("w.start").alias("hour"), "mean").write.mode("overwrite").parquet(
    os.environ["OUTPUT_PATH"]
)
