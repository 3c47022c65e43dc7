# [[objects]]
# uri = "s3://retail/sales.csv"
# columns = "order_id bigint, region string, product string, amount double, order_date date"

#!/usr/bin/env python3
"""
Monthly revenue with month-over-month growth.

Input : s3://retail/sales.csv
Output: Parquet at $OUTPUT_PATH
"""

from __future__ import annotations

import logging
import os
import sys
from typing import Final, Optional

from pyspark.sql import Column, DataFrame, SparkSession, Window
from pyspark.sql import functions as F
from pyspark.sql import types as T

SOURCE_URI: Final[str] = "s3://retail/sales.csv"
REQUIRED: Final = ("region", "amount", "order_date")

logging.basicConfig(stream=sys.stdout, level=logging.INFO)
LOGGER = logging.getLogger("monthly_revenue")


def _safe_divide(numerator: Column, denominator: Column) -> Column:
    """Null instead of an error where the denominator is zero or null."""
    return F.when(denominator.isNull() | (denominator == 0), F.lit(None)).otherwise(numerator / denominator)


def validate_columns(df: DataFrame, required: tuple[str, ...] = REQUIRED) -> DataFrame:
    missing = [name for name in required if name not in df.columns]
    if missing:
        raise ValueError(f"Missing required columns: {', '.join(missing)}")
    return df


def monthly(df: DataFrame, region: Optional[str] = None) -> DataFrame:
    typed = df.withColumn("amount", F.col("amount").cast(T.DecimalType(18, 2)))
    if region is not None:
        typed = typed.filter(F.col("region") == region)
    return typed.groupBy(F.date_trunc("month", "order_date").alias("month")).agg(F.sum("amount").alias("revenue"))


def with_growth(df: DataFrame) -> DataFrame:
    previous = F.lag("revenue").over(Window.orderBy("month"))
    return df.withColumn("growth", _safe_divide(F.col("revenue") - previous, previous))


def main(argv: list[str] | None = None) -> int:
    output_path = os.environ.get("OUTPUT_PATH")
    if not output_path:
        LOGGER.error("OUTPUT_PATH is not set")
        return 1
    spark: SparkSession = SparkSession.builder.appName("monthly-revenue").getOrCreate()
    try:
        sales = validate_columns(spark.read.option("header", "true").option("inferSchema", "true").csv(SOURCE_URI))
        result = with_growth(monthly(sales))
        result.orderBy("month").write.mode("overwrite").parquet(output_path)
        LOGGER.info("Wrote %d months to %s", result.count(), output_path)
    except Exception as exc:
        LOGGER.exception("Job failed: %s", exc)
        raise
    finally:
        spark.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
