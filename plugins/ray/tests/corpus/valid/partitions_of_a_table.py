# [[tables]]
# name = "lake.clicks"
# columns = "user_id string, url string, ms bigint, dt string"
# partitions = ["dt"]

import os

import ray
from ray.data.datasource import Partitioning, PathPartitionFilter

ray.init()
LOCATION = "s3://warehouse/lake/clicks"
clicks = ray.data.read_parquet(
    LOCATION + "/",
    partitioning=Partitioning("hive"),
    partition_filter=PathPartitionFilter.of(lambda keys: keys.get("dt", "") >= "2024-01-01"),
)
slow = clicks.filter(lambda click: click["ms"] > 1000).groupby("url").count()
slow.write_csv(os.environ["OUTPUT_PATH"])
print(slow.take(10))
