# [[objects]]
# uri = "s3://retail/sales.csv"
# columns = "order_id bigint, region string, product string, amount double, order_date date"

import os
import sys
import time
from pyspark.sql import SparkSession


def pages(df, size):
    offset = 0
    while True:
        page = df.orderBy("order_id").offset(offset).limit(size).collect()
        if not page:
            return
        yield page
        offset += size


def wait_for(path, reader, tries=2):
    tried = 0
    while True:
        tried += 1
        try:
            return reader(path)
        except Exception as error:
            if tried >= tries:
                sys.exit(f"{path}: {error}")
            time.sleep(0.1)


spark = SparkSession.builder.getOrCreate()
df = wait_for("s3://retail/sales.csv", lambda path: spark.read.csv(path, header=True, inferSchema=True))
total = 0.0
for number, page in enumerate(pages(df, 25)):
    total += sum(row.amount for row in page)
    while True:
        if number < 100:
            break
        number -= 1
spark.createDataFrame([(total,)], "total double").write.mode("overwrite").parquet(os.environ["OUTPUT_PATH"])
