# platform = "emr"
# [[objects]]
# uri = "s3://logs/app/"
# format = "text"
# columns = "value string"

import os
import boto3
from pyspark.sql import SparkSession

s3 = boto3.client("s3")
pages = s3.get_paginator("list_objects_v2").paginate(Bucket="logs", Prefix="app/")
sizes = [item["Size"] for page in pages for item in page.get("Contents", [])]
print(f"{len(sizes)} objects, {sum(sizes)} bytes")

spark = SparkSession.builder.getOrCreate()
spark.read.text("s3://logs/app/").groupBy("value").count().write.mode("overwrite").parquet(os.environ["OUTPUT_PATH"])
