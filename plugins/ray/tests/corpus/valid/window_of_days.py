# [[objects]]
# uri = "s3://retail/sales.csv"
# columns = "order_id bigint, region string, product string, amount double, order_date date"

import os
from datetime import date, timedelta
import pandas as pd
import ray

ray.init()

START = date(2024, 1, 1)
DAYS = [START + timedelta(days=offset) for offset in range(0, 28, 7)]


@ray.remote
def week(frame: pd.DataFrame, first: date) -> dict:
    days = pd.to_datetime(frame["order_date"])
    last = first + timedelta(days=6)
    chosen = frame[(days >= pd.Timestamp(first)) & (days <= pd.Timestamp(last))]
    return {"week": first.isoformat(), "amount": float(chosen["amount"].sum()), "orders": int(len(chosen))}


frame = ray.data.read_csv("s3://retail/sales.csv").select_columns(["order_date", "amount"]).limit(1_000_000).to_pandas()
reference = ray.put(frame)
weeks = pd.DataFrame(ray.get([week.remote(reference, first) for first in DAYS]))
print(weeks)
weeks.to_parquet(f"{os.environ['OUTPUT_PATH']}/weeks.parquet", index=False)
