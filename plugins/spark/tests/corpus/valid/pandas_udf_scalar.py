# platform = "emr"
# [[objects]]
# uri = "s3://ml/features/"
# format = "parquet"
# columns = "id bigint, x double, y double, label string"

import os
from typing import Iterator

import numpy as np
import pandas as pd
from pyspark.sql import SparkSession
from pyspark.sql.functions import col, pandas_udf

spark = SparkSession.builder.appName("features").getOrCreate()


@pandas_udf("double")
def zscore(values: pd.Series) -> pd.Series:
    spread = values.std()
    return (values - values.mean()) / (spread if spread else 1.0)


@pandas_udf("double")
def hypot(x: pd.Series, y: pd.Series) -> pd.Series:
    return pd.Series(np.hypot(x, y))


def largest(batches: Iterator[pd.DataFrame]) -> Iterator[pd.DataFrame]:
    for batch in batches:
        yield batch.nlargest(3, "x")[["id", "x"]]


df = spark.read.parquet("s3://ml/features/")
df = df.withColumn("z", zscore("x")).withColumn("norm", hypot(col("x"), col("y")))
df.write.mode("overwrite").parquet(os.environ["OUTPUT_PATH"] + "features")
df.mapInPandas(largest, "id long, x double").write.mode("overwrite").parquet(os.environ["OUTPUT_PATH"] + "largest")
