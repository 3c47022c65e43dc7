# [[objects]]
# uri = "s3://raw/mixed.csv"
# columns = "id bigint, number_text string, date_text string, price_text string"

import os
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

RULES = {
    "id_missing": lambda c: c["id"].isNull(),
    "number_not_numeric": lambda c: ~F.coalesce(c["number_text"], F.lit("")).rlike(r"^\d+$"),
    "price_without_currency": lambda c: ~c["price_text"].startswith("$"),
}


def validate(df):
    problems = F.array_compact(F.array(*[F.when(rule(df), F.lit(name)) for name, rule in RULES.items()]))
    return df.withColumn("problems", problems).withColumn("ok", F.size("problems") == 0)


spark = SparkSession.builder.getOrCreate()
checked = validate(spark.read.option("header", True).csv("s3://raw/mixed.csv")).cache()
try:
    bad = checked.filter(~F.col("ok"))
    bad.select("id", F.explode("problems").alias("problem")).groupBy("problem").count().show()
    share = bad.count() / max(checked.count(), 1)
    print(f"{share:.1%} of the rows are bad")
except ZeroDivisionError:
    pass
else:
    checked.filter("ok").drop("problems", "ok").write.mode("overwrite").parquet(os.environ["OUTPUT_PATH"])
finally:
    checked.unpersist()
