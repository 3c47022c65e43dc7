# [[objects]]
# uri = "s3://retail/sales.csv"
# columns = "order_id bigint, region string, product string, amount double, order_date date"

import os
from abc import ABC, abstractmethod

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

JOBS = {}


def job(name):
    def register(cls):
        JOBS[name] = cls
        return cls

    return register


class Job(ABC):
    key = "region"

    def __init__(self, sales: DataFrame):
        self.sales = sales
        self.cache = {}

    @property
    def positive(self):
        return self.sales.filter(F.col("amount") > 0)

    @abstractmethod
    def run(self) -> DataFrame: ...

    def keyed(self):
        if "keyed" not in self.cache:
            self.cache["keyed"] = self.positive.withColumnRenamed(self.key, "key")
        return self.cache["keyed"]


@job("totals")
class Totals(Job):
    def run(self):
        return self.keyed().groupBy("key").agg(F.sum("amount").alias("value"))


@job("best")
class Best(Job):
    key = "product"

    def __init__(self, sales, least=1):
        super().__init__(sales.withColumn("least", F.lit(least)))

    def run(self):
        return self.keyed().filter("amount >= least").groupBy("key").agg(F.max("amount").alias("value"))


spark = SparkSession.builder.getOrCreate()
sales = spark.read.csv("s3://retail/sales.csv", header=True, inferSchema=True)
for name, cls in sorted(JOBS.items()):
    cls(sales).run().select("key", "value").write.mode("overwrite").parquet(f"{os.environ['OUTPUT_PATH']}/{name}")
