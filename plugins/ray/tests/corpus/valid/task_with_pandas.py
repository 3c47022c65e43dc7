# [[objects]]
# uri = "s3://retail/sales.csv"
# columns = "order_id bigint, region string, product string, amount double, order_date date"

import os
import pandas as pd
import ray

INPUT = "s3://retail/sales.csv"


@ray.remote(num_cpus=1, max_retries=3)
def summarise(path: str) -> pd.DataFrame:
    frame = pd.read_csv(path, parse_dates=["order_date"])
    return frame.groupby("region", as_index=False).agg(total=("amount", "sum"), orders=("order_id", "count"))


ray.init()
try:
    result = ray.get(summarise.remote(INPUT))
    result.to_csv(os.environ["OUTPUT_PATH"].rstrip("/") + "/summary.csv", index=False)
    print(result.to_string(index=False))
finally:
    ray.shutdown()
