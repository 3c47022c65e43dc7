# [[objects]]
# uri = "s3://retail/sales.csv"
# columns = "order_id bigint, region string, product string, amount double, order_date date"

import os
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F


def with_audit(self, by):
    return self.withColumn("loaded_at", F.current_timestamp()).withColumn("loaded_by", F.lit(by))


def rows_where(self, **conditions):
    frame = self
    for name, value in conditions.items():
        frame = frame.filter(F.col(name) == value)
    return frame


DataFrame.with_audit = with_audit
setattr(DataFrame, "rows_where", rows_where)

spark = SparkSession.builder.getOrCreate()
sales = spark.read.csv("s3://retail/sales.csv", header=True, inferSchema=True)
sales.rows_where(region="north").with_audit("nightly").write.mode("overwrite").parquet(os.environ["OUTPUT_PATH"])
