# [[objects]]
# uri = "s3a://finance/ledger/"
# format = "orc"
# columns = "entry bigint, account string, debit decimal(12,2), credit decimal(12,2), booked date"

import os
from pyspark.sql import SparkSession
from pyspark.sql.functions import coalesce, col, expr, lit, sum as fsum

bucket = "s3a://" + "finance"
ledger_path = "/".join([bucket, "ledger"]) + "/"
spark = SparkSession.builder.appName("ledger").getOrCreate()
ledger = spark.read.orc(ledger_path)
balance = ledger.withColumn("net", coalesce(col("debit"), lit(0)) - coalesce(col("credit"), lit(0)))
balance = balance.groupBy("account").agg(fsum("net").alias("balance"), expr("max(booked) as last_booked"))
balance.filter(expr("abs(balance) > 0.005")).write.mode("overwrite").orc(os.environ["OUTPUT_PATH"])
