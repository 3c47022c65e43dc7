# [[objects]]
# uri = "s3://retail/sales.csv"
# columns = "order_id bigint, region string, product string, amount double, order_date date"

import os
import ray

ray.init()
ds = ray.data.read_csv("s3://retail/sales.csv").select_columns(["region", "amount"])
train, test = ds.train_test_split(test_size=0.25, shuffle=True, seed=7)
mean, deviation = train.mean("amount"), train.std("amount") or 1.0


def normalise(batch):
    batch["amount"] = (batch["amount"] - mean) / deviation
    return batch


out = os.environ["OUTPUT_PATH"].rstrip("/")
for name, part in {"train": train, "test": test}.items():
    part.map_batches(normalise).write_parquet(f"{out}/{name}")
    print(f"{name}: {part.count()} rows")
