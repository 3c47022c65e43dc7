# [[objects]]
# uri = "s3://crm/contacts.csv"
# columns = "contact_id bigint, full_name string, email string, phone string, notes string"

import os
import re

from pyspark.sql import SparkSession
from pyspark.sql.functions import col, concat_ws, initcap, lower, regexp_extract, regexp_replace, split, trim, when

EMAIL = r"^[\w.+-]+@([\w-]+\.)+[a-z]{2,}$"
PHONE = re.compile(r"[^0-9+]")

spark = SparkSession.builder.appName("contacts").getOrCreate()
raw = spark.read.option("header", "true").csv("s3://crm/contacts.csv")
clean = (
    raw.withColumn("email", lower(trim(col("email"))))
    .withColumn("valid", col("email").rlike(EMAIL))
    .withColumn("domain", regexp_extract("email", r"@(.+)$", 1))
    .withColumn("phone", regexp_replace("phone", PHONE.pattern, ""))
    .withColumn("first", initcap(split(col("full_name"), r"\s+").getItem(0)))
    .withColumn("label", when(col("valid"), concat_ws(" ", "first", "domain")).otherwise("unknown"))
    .drop("notes")
)
clean.write.mode("overwrite").parquet(os.environ["OUTPUT_PATH"])
