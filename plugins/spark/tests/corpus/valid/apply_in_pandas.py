# platform = "emr"
# [[objects]]
# uri = "s3://ml/features/"
# format = "parquet"
# columns = "id bigint, x double, y double, label string"

import os
import pandas as pd
from pyspark.sql import SparkSession
from pyspark.sql import types as T

spark = SparkSession.builder.getOrCreate()
df = spark.read.parquet("s3://ml/features")

SCHEMA = T.StructType([T.StructField("label", T.StringType()), T.StructField("slope", T.DoubleType())])


def fit(pdf: pd.DataFrame) -> pd.DataFrame:
    centred = pdf["x"] - pdf["x"].mean()
    denominator = float((centred ** 2).sum()) or 1.0
    slope = float((centred * (pdf["y"] - pdf["y"].mean())).sum()) / denominator
    return pd.DataFrame({"label": [pdf["label"].iloc[0]], "slope": [slope]})


slopes = df.groupBy("label").applyInPandas(fit, schema=SCHEMA)
slopes.write.mode("overwrite").parquet(os.environ["OUTPUT_PATH"])
print(slopes.limit(20).toPandas().to_string(index=False))
