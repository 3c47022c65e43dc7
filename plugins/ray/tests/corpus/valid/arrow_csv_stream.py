# [[objects]]
# uri = "s3://sensors/log.csv"
# columns = "device string, value double"

import os

import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq
import ray
from pyarrow import fs

SOURCE = "s3://sensors/log.csv"


@ray.remote
def load():
    store, key = fs.FileSystem.from_uri(SOURCE)
    with store.open_input_file(key) as file:
        return pacsv.read_csv(file, convert_options=pacsv.ConvertOptions(column_types={"value": pa.float64()}))


ray.init()
table = ray.get(load.remote())
devices = table.group_by("device").aggregate([("value", "max"), ("value", "min")]).sort_by("device")
target, prefix = fs.FileSystem.from_uri(os.environ["OUTPUT_PATH"])
with target.open_output_stream(prefix.rstrip("/") + "/devices.parquet") as sink:
    pq.write_table(devices, sink)
print(devices.slice(0, 20).to_pylist())
