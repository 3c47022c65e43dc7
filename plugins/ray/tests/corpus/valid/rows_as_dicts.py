# [[objects]]
# uri = "s3://retail/sales.csv"
# columns = "order_id bigint, region string, product string, amount double, order_date date"

import os
import ray

ray.init()

ds = ray.data.read_csv("s3://retail/sales.csv")


def clean(row):
    return {
        "region": (row["region"] or "unknown").strip().lower(),
        "product": row["product"],
        "cents": round((row["amount"] or 0.0) * 100),
    }


cleaned = ds.map(clean).filter(lambda row: row["cents"] > 0)
print(cleaned.take(3))
cleaned.write_parquet(os.environ["OUTPUT_PATH"] + "/cleaned")
