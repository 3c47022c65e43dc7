# [[objects]]
# uri = "s3://retail/sales.csv"
# columns = "order_id bigint, region string, product string, amount double, order_date date"

import os
from datetime import datetime
from pyspark.sql import SparkSession

spark = SparkSession.builder.getOrCreate()
reader = spark.read.format("csv")
reader = reader.option("header", True)
reader = reader.option("inferSchema", True)
df = reader.load(path="s3://retail/sales.csv")

out = os.environ["OUTPUT_PATH"]
stamp = datetime.now().strftime("%Y%m%d")
writer = df.write.mode("overwrite")
if df.count() > 10:
    writer = writer.partitionBy("region")
writer.parquet(path="{}/{}/{}".format(out.rstrip("/"), "dt=" + stamp, "data"))

csv_writer = df.coalesce(1).write
csv_writer.format("csv").option("header", "true").mode("overwrite").save(path=out + f"/csv-{stamp}")
for fmt in ("orc", "json"):
    df.limit(5).write.format(fmt).mode("overwrite").save(os.path.join(out, fmt))
