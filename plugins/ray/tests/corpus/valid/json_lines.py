# [[objects]]
# uri = "s3://web/events.jsonl"
# format = "json"
# columns = "user string, kind string, ms bigint"

import os
import ray

ray.init()


@ray.remote
def slowest(block):
    rows = block.to_pylist()
    return max(rows, key=lambda row: row["ms"], default=None)


events = ray.data.read_json("s3://web/events.jsonl")
candidates = [row for row in ray.get([slowest.remote(ref) for ref in events.to_arrow_refs()]) if row is not None]
worst = max(candidates, key=lambda row: row["ms"])
print(f"slowest: {worst['user']} with {worst['ms']} ms")
events.groupby("kind").count().write_json(os.environ["OUTPUT_PATH"].rstrip("/") + "/kinds")
