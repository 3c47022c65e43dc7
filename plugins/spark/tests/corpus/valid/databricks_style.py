# [[tables]]
# name = "bronze.events"
# columns = "event_id string, user_id string, event_type string, value double, event_ts timestamp"

import os

import pyspark.sql.functions as F
from pyspark.sql import DataFrame as SparkDataFrame
from pyspark.sql import SparkSession

spark = SparkSession.builder.enableHiveSupport().getOrCreate()

# COMMAND ----------
# MAGIC %md ## Bronze to silver

bronze = spark.table("bronze.events")
silver: SparkDataFrame = (
    bronze
    .filter(F.col("event_id").isNotNull())
    .dropDuplicates(["event_id"])
    .withColumn("event_date", F.to_date("event_ts"))
    .withColumn("_ingested", F.current_timestamp())
)

# COMMAND ----------
gold = silver.groupBy("event_date", "event_type").agg(F.count("*").alias("events"), F.sum("value").alias("value"))

# COMMAND ----------
gold.write.mode("overwrite").partitionBy("event_date").parquet(os.environ["OUTPUT_PATH"] + "/gold")
