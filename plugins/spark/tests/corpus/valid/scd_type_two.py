# [[objects]]
# uri = "s3://dim/current/"
# format = "parquet"
# columns = "customer_id bigint, address string, valid_from date"
# [[objects]]
# uri = "s3://dim/updates.csv"
# columns = "customer_id bigint, address string, changed date"

import os

from pyspark.sql import SparkSession
from pyspark.sql import functions as F

spark = SparkSession.builder.appName("scd2").getOrCreate()
current = spark.read.parquet("s3://dim/current/").alias("cur")
updates = spark.read.csv("s3://dim/updates.csv", header=True, inferSchema=True).alias("upd")

matched = current.join(updates, F.col("cur.customer_id") == F.col("upd.customer_id"), "full_outer")
changed = matched.where(
    F.col("upd.customer_id").isNotNull() & ~F.col("cur.address").eqNullSafe(F.col("upd.address"))
)
history = changed.select(
    F.coalesce("cur.customer_id", "upd.customer_id").alias("customer_id"),
    F.struct(F.col("cur.address"), F.col("upd.address").alias("new_address")).alias("change"),
    F.greatest("cur.valid_from", "upd.changed").alias("valid_from"),
    F.lit("9999-12-31").cast("date").alias("valid_to"),
    F.monotonically_increasing_id().alias("version"),
)
history.write.mode("overwrite").parquet(os.environ["OUTPUT_PATH"])
