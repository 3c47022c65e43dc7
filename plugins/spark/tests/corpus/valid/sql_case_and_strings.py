# [[objects]]
# uri = "s3://finance/trades.csv"
# columns = "trade_id bigint, symbol string, side string, price double, quantity bigint, ts timestamp"

import os
from pyspark.sql import SparkSession

spark = SparkSession.builder.getOrCreate()
spark.read.option("header", True).option("inferSchema", True).csv("s3://finance/trades.csv").createOrReplaceTempView("t")
statement = (
    "SELECT CASE WHEN side = 'from the desk' THEN 'delete from x' ELSE concat(side, ' join us') END AS note, "
    "       substring(symbol FROM 1 FOR 2) AS code, "
    "       date_format(ts, 'yyyy-MM') AS `month from`, "
    "       count_if(price > 100) AS n /* FROM nowhere */ "
    "FROM t "
    "WHERE symbol NOT IN ('drop table t', 'insert into t') "
    "GROUP BY ALL"
)
spark.sql(statement).write.mode("overwrite").parquet(os.environ["OUTPUT_PATH"])
