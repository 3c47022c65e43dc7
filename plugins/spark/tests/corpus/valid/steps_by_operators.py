# [[objects]]
# uri = "s3://retail/sales.csv"
# columns = "order_id bigint, region string, product string, amount double, order_date date"

import os

from pyspark.sql import SparkSession
from pyspark.sql import functions as F

spark = SparkSession.builder.getOrCreate()
df = spark.read.csv("s3://retail/sales.csv", header=True, inferSchema=True)


class Pipeline:
    def __init__(self):
        self.steps = []

    def __iadd__(self, step):
        self.steps.append(step)
        return self

    def __rshift__(self, step):
        self.steps.append(step)
        return self

    def run(self, df):
        for step in self.steps:
            df = step(df)
        return df


p = Pipeline()
p >> (lambda d: d.withColumn("year", F.year("order_date"))) >> (lambda d: d.filter("year > 2000"))
p += lambda d: d.groupBy("year").count()
out = p.run(df).select("year", "count")
out.write.mode("overwrite").parquet(os.environ["OUTPUT_PATH"])
