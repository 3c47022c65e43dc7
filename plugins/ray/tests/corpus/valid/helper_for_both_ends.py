# [[objects]]
# uri = "s3://retail/sales.csv"
# columns = "order_id bigint, region string, product string, amount double, order_date date"

import os
import ray

SOURCE = "s3://retail"
OUTPUT = os.environ["OUTPUT_PATH"]


def under(base: str, name: str) -> str:
    return base.rstrip("/") + "/" + name


def main() -> None:
    ray.init(ignore_reinit_error=True)
    sales = ray.data.read_csv(under(SOURCE, "sales.csv"))
    totals = sales.groupby("product").mean("amount")
    totals.write_csv(under(OUTPUT, "by_product"))
    print(totals.take(5))


if __name__ == "__main__":
    main()
