# [[objects]]
# uri = "s3://crm/contacts.csv"
# columns = "contact_id bigint, email string, score double"

import os
from typing import Iterator

import pandas as pd
import ray
from ray.data import DataContext

context = DataContext.get_current()
context.enable_progress_bars = False
ray.init()


def newest(group: pd.DataFrame) -> pd.DataFrame:
    return group.sort_values("contact_id").tail(1)


def chunks(frame: pd.DataFrame, size: int) -> Iterator[pd.DataFrame]:
    for start in range(0, len(frame), size):
        yield frame.iloc[start : start + size]


contacts = ray.data.read_csv("s3://crm/contacts.csv").filter(lambda row: "@" in (row["email"] or ""))
kept = contacts.groupby("email").map_groups(newest, batch_format="pandas").sort("contact_id")
frame = kept.to_pandas(limit=10_000)
for number, chunk in enumerate(chunks(frame, 1_000)):
    chunk.to_csv(f"{os.environ['OUTPUT_PATH'].rstrip('/')}/part-{number:05d}.csv", index=False)
print(len(frame), "contacts kept")
