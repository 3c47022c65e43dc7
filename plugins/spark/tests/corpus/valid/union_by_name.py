# [[objects]]
# uri = "s3://stores/2023/"
# format = "parquet"
# columns = "store string, amount double, day date"
# [[objects]]
# uri = "s3://stores/2024/"
# format = "parquet"
# columns = "store string, amount double, day date, discount double"

import os
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

spark = SparkSession.builder.getOrCreate()
years = (2023, 2024)
all_years = None
for year in years:
    part = spark.read.parquet(f"s3://stores/{year}/").withColumn("year", F.lit(year))
    all_years = part if all_years is None else all_years.unionByName(part, allowMissingColumns=True)
if not all_years:
    raise SystemExit("no data")
all_years.groupBy("store").pivot("year", list(years)).sum("amount").write.mode("overwrite").parquet(os.environ["OUTPUT_PATH"])
