# [[objects]]
# uri = "s3://weather/daily.csv"
# columns = "station string, day date, tmin double, tmax double, rain double"

import os
from abc import ABC, abstractmethod
from enum import Enum

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.functions import avg, col, expr, max, min, sum


class Period(Enum):
    MONTH = "month"
    YEAR = "year"


class Aggregator(ABC):
    PERIOD = Period.MONTH

    @abstractmethod
    def aggregate(self, df: DataFrame) -> DataFrame: ...

    @staticmethod
    def with_period(df: DataFrame, period: Period) -> DataFrame:
        return df.withColumn("period", expr(f"date_trunc('{period.value}', day)"))

    @classmethod
    def create(cls) -> "Aggregator":
        return cls()

    @property
    def name(self) -> str:
        return type(self).__name__.lower()


class Rain(Aggregator):
    def aggregate(self, df):
        return self.with_period(df, self.PERIOD).groupBy("station", "period").agg(sum("rain").alias("rain"))


class Temperature(Aggregator):
    PERIOD = Period.YEAR

    def aggregate(self, df):
        frame = self.with_period(df, self.PERIOD)
        return frame.groupBy("period").agg(min("tmin"), max("tmax"), avg((col("tmin") + col("tmax")) / 2).alias("mean"))


def main():
    spark = SparkSession.builder.appName("weather").getOrCreate()
    daily = spark.read.csv("s3://weather/daily.csv", header=True, inferSchema=True)
    for kind in (Rain, Temperature):
        job = kind.create()
        job.aggregate(daily).write.mode("overwrite").parquet(f"{os.environ['OUTPUT_PATH']}/{job.name}")


main()
