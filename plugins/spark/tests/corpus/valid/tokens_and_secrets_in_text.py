# [[objects]]
# uri = "s3://books/letters/"
# format = "text"
# columns = "value string"

import logging
import os
import re

from pyspark.sql import SparkSession
from pyspark.sql import functions as F

log = logging.getLogger("tokens")
spark = SparkSession.builder.appName("tokenizer").getOrCreate()
letters = spark.read.text("s3://books/letters/")

tokens = letters.select(F.explode(F.split(F.lower("value"), r"\W+")).alias("token")).filter("token <> ''")
counts = tokens.groupBy("token").count().orderBy(F.desc("count"), "token")
for token, count in [(row["token"], row["count"]) for row in counts.limit(5).collect()]:
    print(token, count)
secret_words = re.compile(r"\b(password|secret|token)\b", re.IGNORECASE)
suspicious = letters.filter(F.col("value").rlike(secret_words.pattern))
log.info("token count %d, letters that mention a password: %d", tokens.count(), suspicious.count())
print("the keys:", sorted({"token", "count"}), "pass" if counts.count() else "fail")
counts.write.mode("overwrite").parquet(os.environ["OUTPUT_PATH"])
