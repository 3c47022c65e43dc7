# [[objects]]
# uri = "s3://logs/requests/"
# format = "json"
# columns = "path string, status bigint, bytes bigint"

import json
from collections import Counter
import ray
from pyarrow import fs

ray.init()


@ray.remote
def count(path):
    store = fs.S3FileSystem()
    seen = Counter()
    with store.open_input_stream(path) as stream:
        for line in stream.read().decode().splitlines():
            seen[json.loads(line)["status"]] += 1
    return seen


store = fs.S3FileSystem()
infos = store.get_file_info(fs.FileSelector("logs/requests", recursive=True))
files = [info.path for info in infos if info.type == fs.FileType.File]
total = Counter()
for part in ray.get([count.remote(path) for path in files]):
    total.update(part)
print(json.dumps({str(k): v for k, v in total.items()}))
