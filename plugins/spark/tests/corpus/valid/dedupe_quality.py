# [[objects]]
# uri = "s3://crm/contacts.csv"
# columns = "contact_id bigint, full_name string, email string, phone string, notes string"

import logging
import os
import sys

from pyspark.errors import AnalysisException
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

logger = logging.getLogger(__name__)
handler = logging.StreamHandler(sys.stdout)
logger.addHandler(handler)
logger.setLevel(logging.INFO)


class QualityError(Exception):
    """Raised when too much of the input is bad."""


def check(df, key, max_null_share=0.9):
    total = df.count()
    nulls = df.filter(F.col(key).isNull()).count()
    duplicates = total - df.dropDuplicates([key]).count()
    logger.info("rows=%s nulls=%s duplicates=%s", total, nulls, duplicates)
    if total and nulls / total > max_null_share:
        raise QualityError(f"{key}: {nulls} of {total} are null")
    return total > 0 and not nulls


def main():
    spark = SparkSession.builder.appName("quality").getOrCreate()
    try:
        df = spark.read.csv("s3://crm/contacts.csv", header=True)
        check(df, "email")
        unique = df.dropDuplicates(["email"]).dropna(subset=["email"])
        unique.write.mode("overwrite").parquet(os.environ["OUTPUT_PATH"])
    except AnalysisException as error:
        logger.error("cannot be analysed: %s", error)
        raise
    except QualityError:
        logger.exception("quality")
        sys.exit(2)
    finally:
        spark.stop()


if __name__ == "__main__":
    main()
