# [[objects]]
# uri = "s3://retail/sales.csv"
# columns = "order_id bigint, region string, product string, amount double, order_date date"

import io
import json
import os
from collections import Counter, defaultdict
from datetime import datetime, timezone

from pyspark.sql import SparkSession
from pyspark.sql import functions as F

spark = SparkSession.builder.appName("report").getOrCreate()
sales = spark.read.csv("s3://retail/sales.csv", header=True, inferSchema=True)
grouped = sales.groupBy("region", "product").agg(F.sum("amount").alias("amount")).collect()

by_region = defaultdict(dict)
for row in grouped:
    by_region[row["region"]][row["product"]] = round(row["amount"], 2)
most = Counter({region: sum(products.values()) for region, products in by_region.items()}).most_common(2)

buffer = io.StringIO()
buffer.write(f"# Report of {datetime.now(timezone.utc):%Y-%m-%d}\n")
for region, amount in most:
    buffer.write(f"{region:>10}: {amount:.2f}\n")
print(buffer.getvalue())
lines = [json.dumps({"region": region, **products}, sort_keys=True) for region, products in by_region.items()]
spark.createDataFrame([(line,) for line in lines], "value string").coalesce(1).write.mode("overwrite").text(
    os.environ["OUTPUT_PATH"]
)
