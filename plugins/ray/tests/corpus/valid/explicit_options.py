# [[objects]]
# uri = "s3://retail/sales.csv"
# columns = "order_id bigint, region string, product string, amount double, order_date date"

import os

import pyarrow as pa
import ray
from pyarrow import csv

ray.init()

convert = csv.ConvertOptions(
    column_types={"order_id": pa.int64(), "region": pa.string(), "amount": pa.float64()},
    null_values=["", "NULL"],
    strings_can_be_null=True,
)
parse = csv.ParseOptions(delimiter=",", quote_char='"')
dataset = ray.data.read_csv("s3://retail/sales.csv", convert_options=convert, parse_options=parse)
known = dataset.drop_columns(["order_date"]).rename_columns({"amount": "revenue"})
known.repartition(1).write_csv(os.environ["OUTPUT_PATH"] + "result")
known.show(limit=5)
