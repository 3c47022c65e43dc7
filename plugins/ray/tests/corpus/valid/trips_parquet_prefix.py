# [[objects]]
# uri = "s3://city/trips/"
# format = "parquet"
# columns = "trip_id bigint, zone string, minutes double, started timestamp"

import os
import ray

ray.init()
trips = ray.data.read_parquet("s3://city/trips/", columns=["zone", "minutes"])
by_zone = trips.groupby("zone").mean("minutes").sort("mean(minutes)", descending=True)
by_zone.write_parquet(os.environ["OUTPUT_PATH"])
by_zone.show(10)
