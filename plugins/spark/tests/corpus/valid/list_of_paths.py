# [[objects]]
# uri = "s3://stores/2023/"
# format = "parquet"
# columns = "store string, amount double, day date"
# [[objects]]
# uri = "s3://stores/2024/"
# format = "parquet"
# columns = "store string, amount double, day date"

import os
from pyspark.sql import SparkSession
from pyspark.sql.functions import col, input_file_name, sum as total, when

PATHS = [f"s3://stores/{year}/" for year in range(2023, 2025)]

spark = SparkSession.builder.getOrCreate()
df = spark.read.parquet(*PATHS)
same = spark.read.format("parquet").load(PATHS)
assert df.schema == same.schema
df = df.withColumn("year", when(input_file_name().contains("/2023/"), 2023).otherwise(2024))
df.groupBy("store", "year").agg(total(col("amount")).alias("amount")).write.mode("overwrite").parquet(os.environ["OUTPUT_PATH"])
