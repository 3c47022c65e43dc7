# [[objects]]
# uri = "s3://retail/sales.csv"
# columns = "order_id bigint, region string, product string, amount double, order_date date"

import os
import sys
import time
import traceback

from pyspark.sql import SparkSession
from pyspark.sql.utils import AnalysisException


def attempt(action, tries=3, pause=0.01):
    left = tries
    while True:
        try:
            return action()
        except AnalysisException:
            raise
        except Exception:
            left -= 1
            if left == 0:
                raise
            time.sleep(pause)


def run() -> int:
    spark = SparkSession.builder.appName("retry").getOrCreate()
    started = time.time()
    try:
        df = attempt(lambda: spark.read.csv("s3://retail/sales.csv", header=True, inferSchema=True))
        expected = {"order_id", "region", "amount"}
        missing = expected - set(df.columns)
        if missing:
            print(f"missing columns: {sorted(missing)}", file=sys.stderr)
            return 1
        negative = df.filter(df["amount"] < 0).count()
        assert negative == 0, f"{negative} rows are negative"
        attempt(lambda: df.write.mode("overwrite").parquet(os.environ["OUTPUT_PATH"]))
        return 0
    except Exception:
        traceback.print_exc()
        return 1
    finally:
        print(f"took {time.time() - started:.1f} s")


if __name__ == "__main__":
    status = run()
    if status != 0:
        sys.exit(status)
