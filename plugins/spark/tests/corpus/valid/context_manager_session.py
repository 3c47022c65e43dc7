# [[objects]]
# uri = "s3://retail/sales.csv"
# columns = "order_id bigint, region string, product string, amount double, order_date date"

import os
from collections import OrderedDict, namedtuple
from contextlib import contextmanager

from pyspark import SparkConf
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

Measure = namedtuple("Measure", "name column")


@contextmanager
def session(name):
    conf = SparkConf().setAppName(name).set("spark.sql.ansi.enabled", "true")
    spark = SparkSession.builder.config(conf=conf).getOrCreate()
    try:
        yield spark
    finally:
        spark.stop()


MEASURES = [
    Measure("orders", "order_id"),
    Measure("regions", "region"),
]

with session("measures") as spark:
    df = spark.read.csv("s3://retail/sales.csv", header=True, inferSchema=True)
    figures = OrderedDict((m.name, F.countDistinct(m.column).alias(m.name)) for m in MEASURES)
    df.agg(*figures.values()).write.mode("overwrite").json(os.environ["OUTPUT_PATH"])
