# [[objects]]
# uri = "s3://retail/sales.csv"
# columns = "order_id bigint, region string, product string, amount double, order_date date"

import os

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F


class Report:
    """Keeps its frame and changes it step by step."""

    def __init__(self, spark: SparkSession, path: str) -> None:
        self.spark = spark
        self.path = path
        self.df: DataFrame | None = None
        self.steps = []

    def read(self) -> "Report":
        self.df = self.spark.read.csv(self.path, header=True, inferSchema=True)
        return self

    def clean(self) -> "Report":
        self.df = self.df.filter(F.col("amount") > 0).withColumnRenamed("region", "area")
        self.steps.append("clean")
        return self

    def total(self) -> "Report":
        self.df = self.df.groupBy("area").agg(F.sum("amount").alias("total"))
        self.steps.append("total")
        return self

    def write(self) -> None:
        self.df.select("area", "total").write.mode("overwrite").parquet(os.environ["OUTPUT_PATH"])


if __name__ == "__main__":
    session = SparkSession.builder.appName("report").getOrCreate()
    Report(session, "s3://retail/sales.csv").read().clean().total().write()
    session.stop()
