# [[objects]]
# uri = "s3://mobility/trips/"
# format = "parquet"
# columns = "trip_id bigint, city string, km double, minutes double, started timestamp"

import os
import ray
import pyarrow.dataset as pads
from pyarrow import fs

ray.init()


@ray.remote
def scan(city):
    store = fs.S3FileSystem()
    dataset = pads.dataset("mobility/trips/", filesystem=store, format="parquet")
    table = dataset.to_table(columns=["km"], filter=pads.field("city") == city)
    return city, table.num_rows


rows = ray.get([scan.remote(city) for city in ("Oslo", "Bergen")])
print(dict(rows))
