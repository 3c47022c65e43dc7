# [[objects]]
# uri = "s3://retail/sales.csv"
# columns = "order_id bigint, region string, product string, amount double, order_date date"

import os

from pyspark.sql import SparkSession
from pyspark.sql import functions as F


class Steps:
    def __init__(self, df):
        self.df = df
        self.results = {}

    def by_region(self):
        self.results["by_region"] = self.df.groupBy("region").count()

    def by_product(self):
        self.results["by_product"] = self.df.groupBy("product").agg(F.count("*").alias("count"))

    def narrow(self):
        self.df = self.df.select("region", "product")

    def run(self, *names):
        for name in names:
            getattr(self, name)()
        return self.results


def totals(key):
    return sales.groupBy(key).agg(F.sum("amount").alias("total"))


def each(frames, write=None):
    def inner(name, frame):
        if write:
            write(frame, name)
        return frame.columns

    return [inner(name, frame) for name, frame in frames.items()]


def save(frame, name):
    frame.write.mode("overwrite").parquet(os.path.join(os.environ["OUTPUT_PATH"], name))


spark = SparkSession.builder.getOrCreate()
sales = spark.read.csv("s3://retail/sales.csv", header=True, inferSchema=True)
steps = Steps(sales)
made = steps.run("by_region", "narrow", "by_product")
print(each(made, save))
regions, products = map(totals, ["region", "product"])
save(regions.select("region", "total"), "regions")
save(products.select("product", "total"), "products")
save(steps.df.select("region").distinct(), "narrow")
