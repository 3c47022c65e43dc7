# [[objects]]
# uri = "s3://retail/sales.csv"
# columns = "order_id bigint, region string, product string, amount double, order_date date"

import os
import ray


@ray.remote
class Tally:
    def __init__(self, name):
        self.name = name
        self.seen = {}

    def eat(self, shard):
        for batch in shard.iter_batches(batch_format="numpy"):
            for product in batch["product"]:
                self.seen[product] = self.seen.get(product, 0) + 1
        return len(self.seen)

    def result(self):
        return self.name, self.seen


ray.init()
shards = ray.data.read_csv("s3://retail/sales.csv").split(3)
tallies = [Tally.remote(f"tally-{number}") for number in range(len(shards))]
ray.get([tally.eat.remote(shard) for tally, shard in zip(tallies, shards)])

merged = {}
for name, seen in ray.get([tally.result.remote() for tally in tallies]):
    print(name, "saw", sum(seen.values()))
    for product, count in seen.items():
        merged[product] = merged.get(product, 0) + count
rows = [{"product": product, "count": count} for product, count in sorted(merged.items())]
ray.data.from_items(rows).write_parquet(os.environ["OUTPUT_PATH"])
