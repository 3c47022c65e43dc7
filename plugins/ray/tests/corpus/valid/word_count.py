# [[objects]]
# uri = "s3://books/moby.txt"
# format = "text"
# columns = "text string"

import os
import re
from collections import Counter

import ray

WORD = re.compile(r"[a-z']+")


@ray.remote
def count(lines: list[str]) -> Counter:
    found: Counter = Counter()
    for line in lines:
        found.update(WORD.findall(line.lower()))
    return found


ray.init()
lines = [row["text"] for row in ray.data.read_text("s3://books/moby.txt").iter_rows()]
size = max(1, len(lines) // 8)
chunks = [lines[start : start + size] for start in range(0, len(lines), size)]

total: Counter = Counter()
pending = [count.remote(chunk) for chunk in chunks]
while pending:
    done, pending = ray.wait(pending, num_returns=1)
    total += ray.get(done[0])
    print(f"{len(pending)} chunks left")

rows = [{"word": word, "count": times} for word, times in total.most_common(100)]
ray.data.from_items(rows).write_csv(os.environ["OUTPUT_PATH"])
