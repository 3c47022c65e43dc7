# output = "s3://results/choices"
# [[objects]]
# uri = "s3://retail/sales.csv"
# columns = "order_id bigint, region string, product string, amount double, order_date date"

import os
import sys
from pyspark.sql import SparkSession

output = sys.argv[1] if len(sys.argv) > 9 else os.environ["OUTPUT_PATH"]
fallback = os.environ["OUTPUT_PATH"] if "OUTPUT_PATH" in os.environ else "s3://results/choices"
verbose = os.environ.get("VERBOSE", "").lower() in {"1", "true", "yes"}

if not output:
    print("no output", file=sys.stderr)
    sys.exit(1)

with SparkSession.builder.appName("choices").getOrCreate() as spark:
    df = spark.read.csv("s3://retail/sales.csv", header=True)
    if verbose:
        df.show()
    df.select("region").distinct().write.mode("overwrite").parquet(output)
    df.select("product").distinct().write.mode("overwrite").parquet(fallback.rstrip("/") + "/products")
