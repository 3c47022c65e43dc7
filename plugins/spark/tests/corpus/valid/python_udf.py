# [[objects]]
# uri = "s3://crm/contacts.csv"
# columns = "contact_id bigint, full_name string, email string, phone string, notes string"

import hashlib
import os

from pyspark.sql import SparkSession
from pyspark.sql.functions import col, udf
from pyspark.sql.types import IntegerType, StringType

spark = SparkSession.builder.appName("udf").getOrCreate()


@udf(returnType=StringType())
def mask(email):
    if not email or "@" not in email:
        return None
    user, _, host = email.partition("@")
    return user[:1] + "***@" + host


def digest(text):
    return hashlib.sha256((text or "").encode("utf-8")).hexdigest()[:12]


digest_udf = udf(digest, StringType())
vowels = udf(lambda s: sum(1 for ch in (s or "") if ch in "aeiou"), IntegerType())
spark.udf.register("shout", lambda s: s.upper() if s else s, "string")

df = spark.read.option("header", True).csv("s3://crm/contacts.csv")
df = df.select("contact_id", mask(col("email")).alias("masked"), digest_udf("phone").alias("phone_hash"), vowels("full_name").alias("vowels"))
df.createOrReplaceTempView("masked")
spark.sql("select contact_id, shout(masked) as masked, vowels from masked").write.mode("overwrite").parquet(os.environ["OUTPUT_PATH"])
