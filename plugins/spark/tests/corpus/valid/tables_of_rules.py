# [[objects]]
# uri = "s3://retail/sales.csv"
# columns = "order_id bigint, region string, product string, amount double, order_date date"

import os
from collections import namedtuple
from dataclasses import dataclass, field

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

Measure = namedtuple("Measure", ["name", "column", "how"])


@dataclass
class Context:
    frame: DataFrame
    keys: list = field(default_factory=lambda: ["region"])
    measures: tuple = (Measure("total", "amount", "sum"), Measure("most", "amount", "max"))
    extra: dict = field(default_factory=dict)

    def __post_init__(self):
        self.frame = self.frame.withColumn("month", F.month("order_date"))

    def summed(self) -> DataFrame:
        parts = [getattr(F, m.how)(m.column).alias(m.name) for m in self.measures]
        return self.frame.groupBy(*self.keys).agg(*parts)

    def replaced(self, **changes) -> "Context":
        made = Context(self.frame.drop("month"), **{"keys": self.keys, **changes})
        made.extra.update(self.extra)
        return made


RULES = [
    ("positive", lambda: F.col("amount") > 0),
    ("dated", lambda: F.col("order_date").isNotNull()),
    ("known", lambda: ~F.col("region").isin("none", "") & (F.length("product") > 0)),
]

spark = SparkSession.builder.getOrCreate()
sales = spark.read.csv("s3://retail/sales.csv", header=True, inferSchema=True)
checked = sales
for name, rule in RULES:
    checked = checked.withColumn(f"is_{name}", rule())
good = checked.filter(" and ".join(f"is_{name}" for name, _ in RULES)).drop(*[f"is_{name}" for name, _ in RULES])
context = Context(good)
by_region = context.summed().select("region", "total", "most")
by_month = context.replaced(keys=["month", "region"]).summed().filter(F.col("total") > 0)
by_region.join(by_month.select("region", "month"), "region").write.mode("overwrite").parquet(os.environ["OUTPUT_PATH"])
