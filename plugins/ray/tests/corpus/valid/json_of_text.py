# [[objects]]
# uri = "s3://web/events.jsonl"
# format = "json"
# columns = "user string, kind string, ms bigint"

import json
import os

import ray

ray.init()


def parse(row):
    text = row["text"].strip()
    if not text:
        return []
    event = json.loads(text)
    return [{"user": event.get("user", ""), "kind": event.get("kind", "other"), "ms": int(event.get("ms", 0))}]


events = ray.data.read_text("s3://web/events.jsonl").flat_map(parse)
result = events.groupby(["user", "kind"]).sum("ms").sort(["user", "kind"])
result.write_parquet(os.path.join(os.environ["OUTPUT_PATH"], "time_by_user"))
for row in result.take(20):
    print("{user:<20} {kind:<10} {0:>8}".format(row["sum(ms)"], **row))
