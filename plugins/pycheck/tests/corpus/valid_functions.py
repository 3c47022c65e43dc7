import os
import sys
from typing import List, Optional

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F


def session() -> SparkSession:
    return SparkSession.builder.getOrCreate()


def load(spark: SparkSession, path: str, columns: Optional[List[str]] = None) -> DataFrame:
    frame = spark.read.parquet(path)
    if columns is not None:
        frame = frame.select(*[F.col(name) for name in columns])
    return frame


def main() -> int:
    spark = session()
    try:
        frame = load(spark, "s3://data/sales/", columns=["region", "amount"])
        for name, total in {"a": 1, "b": 2}.items():
            print(f"{name:>10}: {total!r}")
        frame.write.mode("overwrite").csv(os.path.join(os.environ["OUTPUT_PATH"], "out"))
    except ValueError as error:
        print(f"failed: {error}", file=sys.stderr)
        return 1
    finally:
        spark.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
