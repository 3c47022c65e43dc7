# [[objects]]
# uri = "s3://data-prod/in/users.csv"
# columns = "user_id bigint, name string, plan string, mrr double"
# [[objects]]
# uri = "s3://data-prod/in/plans.csv"
# columns = "plan string, price double"

import os
from pyspark.sql import SparkSession

ROOT = "s3://data-prod/in"
FILES = {"users": "users.csv", "plans": "plans.csv"}


def source(key):
    return "%s/%s" % (ROOT, FILES[key])


spark = SparkSession.builder.getOrCreate()
users, plans = [spark.read.option("header", True).csv(source(key)) for key in ("users", "plans")]
target = os.path.join(os.environ["OUTPUT_PATH"], "joined")
users.join(plans, users.plan == plans.plan).drop(plans.plan).write.mode("overwrite").parquet(target)
