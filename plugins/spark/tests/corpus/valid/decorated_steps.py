# [[objects]]
# uri = "s3://retail/sales.csv"
# columns = "order_id bigint, region string, product string, amount double, order_date date"

import functools
import logging
import os
import time
import warnings

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

warnings.filterwarnings("ignore", category=DeprecationWarning)
logging.getLogger("py4j").setLevel(logging.ERROR)
log = logging.getLogger(__name__)


def timed(step):
    @functools.wraps(step)
    def wrapper(*args, **kwargs):
        begun = time.perf_counter()
        try:
            return step(*args, **kwargs)
        finally:
            log.warning("%s: %.2f s (%s)", step.__name__, time.perf_counter() - begun, step.__doc__)

    return wrapper


def named(name):
    def decorator(step):
        step.title = name
        return step

    return decorator


@timed
def load(spark: SparkSession) -> DataFrame:
    """Reads the sales."""
    return spark.read.csv("s3://retail/sales.csv", header=True, inferSchema=True)


@timed
@named("totals")
def total(df: DataFrame) -> DataFrame:
    return df.groupBy("region").agg(F.sum("amount").alias("total"))


@timed
def store(df: DataFrame) -> None:
    df.write.mode("overwrite").parquet(os.environ["OUTPUT_PATH"])


if __name__ == "__main__":
    session = SparkSession.builder.appName(f"{__name__} {__doc__ or ''}").getOrCreate()
    store(total(load(session)))
