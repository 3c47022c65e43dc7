# [[objects]]
# uri = "s3://retail/sales.csv"
# columns = "order_id bigint, region string, product string, amount double, order_date date"

import os

from pyspark.sql import SparkSession
from pyspark.sql import functions as F

spark = SparkSession.builder.getOrCreate()
df = spark.read.csv("s3://retail/sales.csv", header=True, inferSchema=True)


class Graph:
    def __init__(self):
        self.nodes = {}
        self.done = {}

    def node(self, *needs, name=None):
        def wrap(f):
            self.nodes[name or f.__name__] = (f, needs)
            return f

        return wrap

    def get(self, name):
        if name not in self.done:
            f, needs = self.nodes[name]
            self.done[name] = f(*[self.get(n) for n in needs])
        return self.done[name]


g = Graph()


@g.node()
def raw():
    return df


@g.node("raw")
def clean(raw):
    return raw.withColumn("year", F.year("order_date")).drop("product")


@g.node("clean", "raw", name="final")
def joined(c, r):
    return c.join(r.select("order_id", "product"), "order_id").groupBy("year", "product").count()


print(df.select("order_id").count())
out = g.get("final").select("year", "product", "count")
g.get("clean").select("year").show()
try:
    g.get("clean").select("product").show()
except Exception as error:
    print(type(error).__name__)
out.write.mode("overwrite").parquet(os.environ["OUTPUT_PATH"])
