# [[objects]]
# uri = "s3://retail/sales.csv"
# columns = "order_id bigint, region string, product string, amount double, order_date date"

import logging
import os
from collections import defaultdict

import pyarrow as pa
import pyarrow.parquet as pq
import ray

logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
log = logging.getLogger("totals")

ray.init(log_to_driver=False)
totals: dict[str, float] = defaultdict(float)
rows = 0
for batch in ray.data.read_csv("s3://retail/sales.csv").iter_batches(batch_size=2048, batch_format="pandas"):
    rows += len(batch)
    for region, amount in batch.groupby("region")["amount"].sum().items():
        totals[region] += float(amount)
    log.info("%d rows so far", rows)

regions = sorted(totals)
table = pa.table({"region": regions, "total": [totals[region] for region in regions]})
pq.write_table(table, os.environ["OUTPUT_PATH"].rstrip("/") + "/totals/0.parquet")
print(table.to_pydict())
