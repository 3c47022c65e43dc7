# [[objects]]
# uri = "s3://retail/sales.csv"
# columns = "order_id bigint, region string, product string, amount double, order_date date"

import os
import pandas as pd
import ray

ray.init()
TOP = 3


def best(group: pd.DataFrame) -> pd.DataFrame:
    return group.nlargest(TOP, "amount").assign(place=range(1, min(TOP, len(group)) + 1))


sales = ray.data.read_csv("s3://retail/sales.csv")
top = sales.groupby("region").map_groups(best, batch_format="pandas")
top.write_parquet(os.environ["OUTPUT_PATH"].rstrip("/") + "/top", partition_cols=["region"])
print(top.count(), "rows")
