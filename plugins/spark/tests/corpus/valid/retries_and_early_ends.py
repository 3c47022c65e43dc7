# [[objects]]
# uri = "s3://retail/sales.csv"
# columns = "order_id bigint, region string, product string, amount double, order_date date"

import logging
import os
import time

from pyspark.sql import SparkSession
from pyspark.sql import functions as F

log = logging.getLogger(__name__)


def load(spark, path, tries=3):
    for attempt in range(tries):
        try:
            return spark.read.csv(path, header=True, inferSchema=True)
        except OSError as error:
            log.warning("try %d: %s", attempt, error)
            time.sleep(1)
    raise RuntimeError(path)


def step(df, mode):
    if mode == "raw":
        return df
    if mode == "clean":
        df = df.dropna(subset=["amount"]).withColumn("clean", F.lit(True))
    elif mode == "totals":
        return df.groupBy("region").agg(F.sum("amount").alias("amount"))
    else:
        raise ValueError(mode)
    return df.withColumn("mode", F.lit(mode))


def main():
    spark = SparkSession.builder.getOrCreate()
    try:
        sales = load(spark, "s3://retail/sales.csv")
        if sales.isEmpty():
            log.error("nothing to do")
            return
        clean = step(sales, "clean")
        kinds = []
        for mode in ["raw", "clean", "totals"]:
            if mode == "raw":
                continue
            kinds.append(step(clean, mode).select("region", "amount"))
            if len(kinds) > 5:
                break
        else:
            log.info("all %d", len(kinds))
        both = kinds[0].unionByName(kinds[1])
        clean.select("region", "clean", "mode").show(3)
        both.groupBy("region").sum("amount").withColumnRenamed("sum(amount)", "total").select("region", "total").write.mode(
            "overwrite"
        ).parquet(os.environ["OUTPUT_PATH"])
    except Exception:
        log.exception("failed")
        raise
    finally:
        spark.stop()


main()
