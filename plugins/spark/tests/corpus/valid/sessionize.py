# [[objects]]
# uri = "s3://web/clicks/"
# format = "json"
# columns = "user_id string, url string, ts timestamp"

import os
from pyspark.sql import SparkSession, functions as F
from pyspark.sql.window import Window

GAP_MINUTES = 30

spark = SparkSession.builder.appName("sessions").getOrCreate()
clicks = spark.read.json("s3://web/clicks/").withColumn("ts", F.to_timestamp("ts"))
w = Window.partitionBy("user_id").orderBy("ts")
sessions = (clicks
    .withColumn("prev_ts", F.lag("ts").over(w))
    .withColumn("new", (F.col("prev_ts").isNull() | (F.col("ts").cast("long") - F.col("prev_ts").cast("long") > GAP_MINUTES * 60)).cast("int"))
    .withColumn("session", F.concat_ws("-", "user_id", F.sum("new").over(w)))
    .groupBy("session")
    .agg(F.min("ts").alias("start"), F.max("ts").alias("end"), F.count("*").alias("clicks"), F.first("url").alias("entry"))
    .withColumn("seconds", F.col("end").cast("long") - F.col("start").cast("long")))
sessions.write.mode("overwrite").parquet(os.environ["OUTPUT_PATH"])
