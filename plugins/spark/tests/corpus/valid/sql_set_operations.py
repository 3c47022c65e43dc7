# [[objects]]
# uri = "s3://finance/trades.csv"
# columns = "trade_id bigint, symbol string, side string, price double, quantity bigint, ts timestamp"

import os
from textwrap import dedent

from pyspark.sql import SparkSession


def query(table, *, limit=5):
    return dedent(f"""
        WITH ranked AS (
            SELECT *, row_number() OVER (PARTITION BY symbol ORDER BY price DESC, ts) AS n FROM {table}
        ), top AS (SELECT * FROM ranked WHERE n <= {limit})
        SELECT symbol, price FROM top
        UNION ALL
        SELECT 'all' AS symbol, max(price) FROM {table}
        EXCEPT
        SELECT symbol, price FROM {table} WHERE quantity IS NOT DISTINCT FROM NULL
        UNION
        (SELECT x, y FROM VALUES ('a', 1.0D), ('b', 2.0D) AS v(x, y))
    """)


spark = SparkSession.builder.getOrCreate()
spark.read.csv("s3://finance/trades.csv", header=True, inferSchema=True).createOrReplaceTempView("trades")
spark.sql(query("trades", limit=3)).write.mode("overwrite").parquet(os.environ["OUTPUT_PATH"])
