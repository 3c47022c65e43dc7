# -*- coding: utf-8 -*-
"""Counts red violations.

Usage: spark-submit program.py --data_source s3://... --output_uri s3://...
"""
import argparse
import datetime as dt
import logging
import os
import sys
import time
import traceback
from functools import reduce
from pathlib import Path
from typing import Dict, List, Optional
from urllib.parse import urlparse

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s", stream=sys.stdout)
logger = logging.getLogger(__name__)
os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
os.environ["PYARROW_IGNORE_TIMEZONE"] = "1"
AGGREGATES = {"amount": ["sum", "avg", "max"], "qty": ["count"]}


def aggregate(df: DataFrame, spec: Dict[str, List[str]]) -> DataFrame:
    exprs = []
    for column, functions in spec.items():
        for name in functions:
            exprs.append(getattr(F, name)(F.col(column)).alias(f"{name}_{column}"))
    return df.groupBy("region").agg(*exprs)


def by_name(name: str, column: str):
    if hasattr(F, name):
        return getattr(F, name)(column)
    raise ValueError(f"no function {name}")


def union_all(frames: List[DataFrame]) -> DataFrame:
    return reduce(lambda a, b: a.unionByName(b, allowMissingColumns=True), frames)


def main(argv: Optional[List[str]] = None) -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--data_source", default=os.environ.get("INPUT", "s3://data/sales.csv"))
    parser.add_argument("--output_uri", default=os.environ["OUTPUT_PATH"])
    parser.add_argument("--password", help="never given on the command line")
    args = parser.parse_args(argv)
    started = time.time()
    bucket = urlparse(args.data_source).netloc
    logger.info("reading %s from %s as %s", args.data_source, bucket, Path(__file__).name)
    spark = SparkSession.builder.appName("violations").getOrCreate()
    try:
        df = spark.read.option("header", "true").csv(args.data_source)
        for name in ("region", "amount"):
            if name not in df.columns:
                raise KeyError(name)
        result = aggregate(df, AGGREGATES)
        result.write.mode("overwrite").parquet(args.output_uri)
        print("rows", result.count(), "in", round(time.time() - started, 1), dt.datetime.now().isoformat())
        print(by_name("upper", "region"), union_all([df, df]))
    except Exception as error:
        logger.error("failed: %s\n%s", error, traceback.format_exc())
        traceback.print_exception(type(error), error, error.__traceback__)
        return 1
    finally:
        spark.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
