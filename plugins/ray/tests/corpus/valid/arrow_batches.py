# [[objects]]
# uri = "s3://retail/sales.csv"
# columns = "order_id bigint, region string, product string, amount double, order_date date"

import os

import pyarrow as pa
import pyarrow.compute as pc
import ray


def large_orders(batch: pa.Table) -> pa.Table:
    """Keeps what was sold for more than a hundred."""
    return batch.filter(pc.greater(batch["amount"], 100.0)).select(["order_id", "region", "amount"])


def main() -> None:
    ray.init()
    output = os.environ["OUTPUT_PATH"].rstrip("/")
    orders = ray.data.read_csv("s3://retail/sales.csv").map_batches(large_orders, batch_format="pyarrow")
    orders.sort(["region", "order_id"]).write_parquet(f"{output}/large_orders")
    print(f"{orders.count()} large orders")


if __name__ == "__main__":
    main()
