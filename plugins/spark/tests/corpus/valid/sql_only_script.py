# [[objects]]
# uri = "s3://finance/trades.csv"
# columns = "trade_id bigint, symbol string, side string, price double, quantity bigint, ts timestamp"

import os
from pyspark.sql import SparkSession

spark = SparkSession.builder.appName("sql only").getOrCreate()
sql = spark.sql

sql(
    """CREATE TEMPORARY VIEW trades
    USING csv
    OPTIONS (path "s3://finance/trades.csv", header "true", inferSchema "true")"""
)
sql("CREATE OR REPLACE TEMP VIEW vwap AS SELECT symbol, sum(price * quantity) / sum(quantity) AS vwap FROM trades GROUP BY symbol")
result = sql("SELECT t.trade_id, t.symbol, t.price - v.vwap AS slip FROM trades t JOIN vwap v ON t.symbol = v.symbol")
result.write.mode("overwrite").parquet(os.environ["OUTPUT_PATH"])
