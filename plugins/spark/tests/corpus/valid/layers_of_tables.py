# [[objects]]
# uri = "s3://retail/sales.csv"
# columns = "order_id bigint, region string, product string, amount double, order_date date"

import os

from pyspark.sql import DataFrame, SparkSession, Window
from pyspark.sql import functions as F


class Layer:
    name = "layer"

    def __init__(self, spark: SparkSession):
        self.spark = spark
        self._cache = None

    @property
    def df(self) -> DataFrame:
        if self._cache is None:
            self._cache = self.build()
        return self._cache

    def build(self) -> DataFrame:
        raise NotImplementedError

    def refresh(self):
        self._cache = None
        return self


class Bronze(Layer):
    name = "bronze"

    def build(self):
        return (
            self.spark.read.option("header", True)
            .csv("s3://retail/sales.csv")
            .withColumn("_ingested", F.current_timestamp())
        )


class Silver(Layer):
    name = "silver"
    casts = {"order_id": "bigint", "amount": "double", "order_date": "date"}

    def __init__(self, spark, upstream):
        super().__init__(spark)
        self.upstream = upstream

    def build(self):
        df = self.upstream.df
        for column, kind in self.casts.items():
            df = df.withColumn(column, F.col(column).cast(kind))
        w = Window.partitionBy("order_id").orderBy(F.col("_ingested").desc())
        return df.withColumn("_rn", F.row_number().over(w)).where("_rn = 1").drop("_rn")


class Gold(Silver):
    name = "gold"
    casts = {}

    def build(self):
        silver = super().build()
        return silver.groupBy("region", F.trunc("order_date", "month").alias("month")).agg(F.sum("amount").alias("revenue"))


spark = SparkSession.builder.appName("layers").getOrCreate()
silver = Silver(spark, Bronze(spark))
silver.df.select("_ingested", "product").show(1)
gold = Gold(spark, silver).refresh().df
gold.select("month", "revenue").write.mode("overwrite").parquet(os.environ["OUTPUT_PATH"])
