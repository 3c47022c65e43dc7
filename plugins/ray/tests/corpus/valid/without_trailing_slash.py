# [[objects]]
# uri = "s3://city/trips/"
# format = "parquet"
# columns = "trip_id bigint, zone string, minutes double, started timestamp"

import os
import ray

SOURCE = "s3a://city/trips"
ray.init(address="auto", ignore_reinit_error=True)
long_trips = ray.data.read_parquet(SOURCE.replace("s3a://", "s3://")).filter(lambda trip: trip["minutes"] >= 60)
print("long trips:", long_trips.count())
long_trips.write_json(os.environ["OUTPUT_PATH"])
