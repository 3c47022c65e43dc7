# [[objects]]
# uri = "s3://retail/sales.csv"
# columns = "order_id bigint, region string, product string, amount double, order_date date"

import os

import pandas as pd
import ray

ray.init()


def with_month(frame: pd.DataFrame) -> pd.DataFrame:
    frame["month"] = pd.to_datetime(frame["order_date"]).dt.strftime("%Y-%m")
    return frame[["month", "region", "amount"]]


ds = ray.data.read_csv("s3://retail/sales.csv")
by_month = ds.map_batches(with_month, batch_format="pandas").groupby(["month", "region"]).mean("amount")
by_month.write_json(os.path.join(os.environ["OUTPUT_PATH"], "by_month"))
for row in by_month.take(5):
    print(row)
