# output = "s3://results/settings/"
# [[objects]]
# uri = "s3://retail/sales.csv"
# columns = "order_id bigint, region string, product string, amount double, order_date date"

import os
from pyspark.sql import SparkSession


class Settings:
    SOURCE = "s3://retail/sales.csv"
    TARGET = "s3://results/settings"

    def __init__(self, **overrides):
        self.source = self.SOURCE
        self.target = os.environ.get("OUTPUT_PATH") or Settings.TARGET
        for key, value in overrides.items():
            setattr(self, key, value)

    def __repr__(self):
        return f"{self.__class__.__name__}({vars(self)})"


class Singleton:
    _spark = None

    @classmethod
    def spark(cls):
        if cls._spark is None:
            cls._spark = SparkSession.builder.appName("settings").getOrCreate()
        return cls._spark


settings = Settings(partitions=4)
print(settings, hasattr(settings, "partitions"))
df = Singleton.spark().read.option("header", True).csv(settings.source)
df.repartition(getattr(settings, "partitions", 1)).write.mode("overwrite").parquet(settings.target)
