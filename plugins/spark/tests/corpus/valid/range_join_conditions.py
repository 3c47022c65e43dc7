# [[objects]]
# uri = "s3://ads/clicks.csv"
# columns = "click_id bigint, campaign string, clicked_at timestamp, cost double"
# [[objects]]
# uri = "s3://ads/campaigns.csv"
# columns = "campaign string, starts date, ends date, budget double"

import os
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

spark = SparkSession.builder.appName("ads").getOrCreate()
c = spark.read.csv("s3://ads/clicks.csv", header=True, inferSchema=True).alias("c")
k = spark.read.csv("s3://ads/campaigns.csv", header=True, inferSchema=True).alias("k")
on = [F.col("c.campaign") == F.col("k.campaign"), F.to_date("c.clicked_at").between(F.col("k.starts"), F.col("k.ends"))]
spend = c.join(k, on, "inner").groupBy("k.campaign", "k.budget").agg(F.sum("c.cost").alias("cost"))
spend = spend.withColumn("left", F.col("budget") - F.col("cost")).withColumn("over", F.col("left") < 0)
spend.write.mode("overwrite").parquet(os.environ["OUTPUT_PATH"])
