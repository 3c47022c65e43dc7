# [[objects]]
# uri = "s3://retail/sales.csv"
# columns = "order_id bigint, region string, product string, amount double, order_date date"

import os
import ray
from ray.data.aggregate import Mean, Std

ray.init()
out = os.environ.get("OUTPUT_PATH", "out")
sales = ray.data.read_csv("s3://retail/sales.csv").materialize()
figures = sales.aggregate(Mean("amount", alias_name="mean"), Std("amount", alias_name="std"))
mean, std = figures["mean"], figures["std"]
if not std:
    print("all amounts are the same")
else:
    outliers = sales.add_column("z", lambda batch: (batch["amount"] - mean).abs() / std).filter(lambda row: row["z"] > 3)
    outliers.sort("order_id").write_parquet(out + "/outliers")
    print(f"{outliers.count()} outliers around {mean:.2f} ± {std:.2f}")
