# [[objects]]
# uri = "s3://retail/sales.csv"
# columns = "order_id bigint, region string, product string, amount double, order_date date"

import os
from pyspark.sql import SparkSession, Window
from pyspark.sql import functions as F

spark = SparkSession.builder.appName("api").getOrCreate()
print(spark.version, spark.sparkContext.defaultParallelism, spark.sparkContext.applicationId, spark.conf.get("spark.app.name"))
df = spark.read.csv("s3://retail/sales.csv", header=True, inferSchema=True)
print(df.inputFiles()[:1], df.storageLevel, df.isStreaming, df.sparkSession is spark, df.schema.simpleString(), df.schema.json()[:20])
df = df.withMetadata("amount", {"unit": "EUR"}).hint("rebalance").transform(lambda d: d.withColumn("k", F.xxhash64("region")))
df = df.withColumn("code", F.col("product").substr(1, 3)).withColumn("odd", F.col("order_id").bitwiseAND(1).astype("int"))
df = df.withColumn("ratio", F.try_divide("amount", F.col("odd"))).withColumn("texts", F.lit(["a", "b"])[0])
agg = df.groupBy("region").agg(
    F.listagg("product", F.lit(",")).alias("products"), F.mode("product").alias("usual"), F.median("amount").alias("median"),
    F.count_if(F.col("amount") > 10).alias("many"), F.any_value("code").alias("any"), F.max_by("product", "amount").alias("top"),
    F.bool_or(F.col("amount") > 400).alias("has_large"), F.histogram_numeric("amount", F.lit(3)).alias("h"),
)
agg = agg.offset(0).dropDuplicates(["region"]).sort(F.col("median").desc_nulls_last())
first = agg.drop("h").head()
print(first.asDict() if first else {}, agg.take(1)[0].__fields__, df.tail(1), df.rdd.map(lambda r: (r.region, r.amount)).toDF(["r", "a"]).columns)
df.withColumn("share", F.percent_rank().over(Window.partitionBy("region").orderBy("amount"))).foreachPartition(lambda rows: None)
agg.write.mode("overwrite").parquet(os.environ["OUTPUT_PATH"])
