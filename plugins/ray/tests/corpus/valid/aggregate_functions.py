# [[objects]]
# uri = "s3://retail/sales.csv"
# columns = "order_id bigint, region string, product string, amount double, order_date date"

import os
import ray
from ray.data.aggregate import Count, Max, Mean, Min, Sum

ray.init(ignore_reinit_error=True)

ds = ray.data.read_csv("s3://retail/sales.csv")
stats = ds.groupby("product").aggregate(
    Count(),
    Sum("amount", alias_name="total"),
    Mean("amount", alias_name="average"),
    Min("amount", alias_name="least"),
    Max("amount", alias_name="most"),
)
stats = stats.sort("total", descending=True)
print(stats.limit(50).to_pandas().to_string(index=False))
stats.write_csv(os.environ["OUTPUT_PATH"])
