# [[objects]]
# uri = "s3://bank/accounts.csv"
# columns = "account bigint, owner string, balance double, opened date, closed boolean"

import os
import typing as t

from pyspark.sql import SparkSession
from pyspark.sql import functions as F

if t.TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame

Rule = t.Tuple[str, "Column"]


class Check(t.NamedTuple):
    name: str
    column: "Column"
    severity: str = "warn"


def checks() -> "list[Check]":
    return [
        Check("positive", F.col("balance") >= 0),
        Check("owned", F.col("owner").isNotNull() & (F.trim("owner") != ""), severity="fail"),
        Check("recent", F.year("opened") > 1990),
    ]


def apply(df: "DataFrame") -> "DataFrame":
    for check in checks():
        df = df.withColumn(f"chk_{check.name}", check.column)
    return df.withColumn("ok", F.expr(" and ".join(f"chk_{check.name}" for check in checks())))


spark = SparkSession.builder.appName("checks").getOrCreate()
checked = apply(spark.read.csv("s3://bank/accounts.csv", header=True, inferSchema=True))
failed = [c.name for c in checks() if c.severity == "fail" and checked.filter(f"not chk_{c.name}").limit(1).count() > 0]
checked.write.mode("overwrite").parquet(os.environ["OUTPUT_PATH"])
print("failed:", failed or "none")
