# [[objects]]
# uri = "s3://retail/sales.csv"
# columns = "order_id bigint, region string, product string, amount double, order_date date"

import os
from functools import cache, cached_property

from pyspark.sql import SparkSession
from pyspark.sql import functions as F

spark = SparkSession.builder.getOrCreate()
df = spark.read.csv("s3://retail/sales.csv", header=True, inferSchema=True)


class Data:
    def __init__(self, df):
        self.df = df

    @cached_property
    def base(self):
        return self.df.select("region", "amount", "order_date")

    @property
    def live(self):
        return self.df

    def narrow(self):
        self.base
        self.df = self.df.select("region")
        return self


d = Data(df).narrow()
out = d.base.select("order_date", "amount")
d.live.select("region").show()
del d.base
d.base = df.withColumn("x", F.lit(1))
d.base.select("x").show()


@cache
def load(n):
    return df.withColumn(f"n{n}", F.lit(n))


load(3).select("n3").show()
out.write.mode("overwrite").parquet(os.environ["OUTPUT_PATH"])
