# [[objects]]
# uri = "s3://retail/sales.csv"
# columns = "order_id bigint, region string, product string, amount double, order_date date"

import os
import numpy as np
import ray

ray.init()
OUTPUT = os.environ["OUTPUT_PATH"]


def scale(batch: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    amounts = batch["amount"].astype(np.float64)
    batch["amount_log"] = np.log1p(np.clip(amounts, 0.0, None))
    return batch


(
    ray.data.read_csv("s3://retail/sales.csv")
    .map_batches(scale, batch_format="numpy", batch_size=1024)
    .select_columns(["order_id", "amount", "amount_log"])
    .write_parquet(OUTPUT)
)
print("written to", OUTPUT)
