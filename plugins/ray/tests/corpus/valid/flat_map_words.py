# [[objects]]
# uri = "s3://retail/sales.csv"
# columns = "order_id bigint, region string, product string, amount double, order_date date"

import os

import ray

ray.init(logging_level="warning")

words = ray.data.read_csv("s3://retail/sales.csv").flat_map(
    lambda row: [{"word": word.lower()} for word in str(row["product"]).split() if len(word) > 2]
)
counts = words.groupby("word").count().sort("count()", descending=True).limit(100)
counts.write_json(os.environ["OUTPUT_PATH"].rstrip("/") + "/words/")
counts.show(10)
