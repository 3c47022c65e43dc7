# Databricks notebook source
import gc
import socket
from timeit import default_timer as timer

import pandas as pd
from pyspark.sql import SparkSession, Window
from pyspark.sql import functions as f
from pyspark.sql.types import *

if "spark" not in globals():
    spark = SparkSession.builder.getOrCreate()
start = timer()
print(socket.gethostname())
pdf = pd.DataFrame({"a": [1, 2], "secret_santa": ["x", "y"]})
sdf = spark.createDataFrame(pdf)
token_count = sdf.select(f.split("secret_santa", " ").alias("tokens")).count()
print(token_count)
w = Window.partitionBy("a").orderBy(f.desc("secret_santa"))
ips = sdf.filter(f.col("secret_santa") != "0.0.0.0").withColumn("rank", f.row_number().over(w))
ips.createOrReplaceTempView("ips")
spark.sql("SELECT a, count(*) AS n FROM ips GROUP BY a HAVING n > 1").show()
query = "SELECT {} FROM ips".format(", ".join(ips.columns))
print(spark.sql(query).schema.simpleString(), StructType([StructField("a", LongType())]))
q = ips.toPandas().query("a > 1 and rank == 1").eval("b = a + 1")
del pdf
gc.collect()
print(q.head(), timer() - start)
# MAGIC %md done
