# [[objects]]
# uri = "s3://finance/trades.csv"
# columns = "trade_id bigint, symbol string, side string, price double, quantity bigint, ts timestamp"

import os
from decimal import Decimal
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

MINIMUM = Decimal("10.5")
spark = SparkSession.builder.getOrCreate()
trades = spark.read.csv("s3://finance/trades.csv", header=True, inferSchema=True)
wanted = trades.where(f"price >= {MINIMUM} AND (side IN ('alpha', 'beta') OR symbol LIKE '%a%') AND ts IS NOT NULL")
notional = wanted.selectExpr("*", "price * quantity AS notional", "CAST(ts AS DATE) AS day")
grouped = notional.groupBy(F.expr("date_trunc('MONTH', day)").alias("month")).agg(
    F.expr("sum(notional) FILTER (WHERE side = 'alpha') AS alpha"),
    F.expr("max_by(symbol, notional) AS biggest"),
    F.sum(F.when(F.expr("side <> 'alpha'"), F.col("notional")).otherwise(0)).alias("rest"),
)
grouped.orderBy("month").write.mode("overwrite").parquet(os.environ["OUTPUT_PATH"])
