# [[objects]]
# uri = "s3://retail/sales.csv"
# columns = "order_id bigint, region string, product string, amount double, order_date date"

import os
import ray

ray.init()


class Rater:
    """Loads its limits once in each worker."""

    def __init__(self, limits):
        self.limits = sorted(limits.items(), key=lambda pair: pair[1])

    def __call__(self, batch):
        batch["rating"] = [self._rate(amount) for amount in batch["amount"]]
        return batch

    def _rate(self, amount):
        rating = "none"
        for name, limit in self.limits:
            if amount >= limit:
                rating = name
        return rating


ds = ray.data.read_csv("s3://retail/sales.csv")
rated = ds.map_batches(Rater, fn_constructor_args=[{"low": 0, "middle": 50, "high": 500}], concurrency=2, batch_format="pandas")
counts = rated.groupby("rating").count()
counts.write_csv(os.environ["OUTPUT_PATH"].rstrip("/") + "/ratings")
print(counts.take(10))
ray.shutdown()
