# [[objects]]
# uri = "s3://retail/sales.csv"
# columns = "order_id bigint, region string, product string, amount double, order_date date"

import os

from pyspark.sql import SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import DateType, DoubleType, LongType, StringType, StructField, StructType

FIELDS = {"id": LongType(), "area": StringType(), "item": StringType(), "price": DoubleType()}

schema = StructType([StructField(name, kind, True) for name, kind in FIELDS.items()])
schema.add("sold", DateType())
other = StructType().add("id", "long").add("note", "string")

spark = SparkSession.builder.getOrCreate()
sales = spark.read.csv("s3://retail/sales.csv", schema=schema, header=True)
notes = spark.createDataFrame([(1, "ok")], other)
labels = spark.createDataFrame([("north", "N")], "area string, label string")


def per_area(pdf):
    return pdf.assign(mean=pdf["price"].mean())[["area", "mean"]]


means = sales.groupBy("area").applyInPandas(per_area, "area string, mean double")
result = sales.join(notes, "id", "left").join(labels, ["area"], "left").join(means, "area")
result.select("id", "area", "item", "sold", "note", "label", F.round("mean", 2).alias("mean")).write.mode("overwrite").parquet(
    os.environ["OUTPUT_PATH"]
)
