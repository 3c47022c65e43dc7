# [[objects]]
# uri = "s3://retail/sales.csv"
# columns = "order_id bigint, region string, product string, amount double, order_date date"

"""Total sales per region."""
import os

from pyspark.sql import SparkSession
from pyspark.sql import functions as F

INPUT_PATH = "s3://retail/sales.csv"
APP_NAME = "sales-by-region"


def main() -> None:
    spark = SparkSession.builder.appName(APP_NAME).getOrCreate()
    sales = spark.read.option("header", True).option("inferSchema", True).csv(INPUT_PATH)
    totals = (
        sales.filter(F.col("amount") > 0)
        .groupBy("region")
        .agg(F.sum("amount").alias("total"), F.count("*").alias("orders"))
        .orderBy(F.desc("total"))
    )
    totals.write.mode("overwrite").parquet(os.environ["OUTPUT_PATH"])
    totals.show()
    spark.stop()


if __name__ == "__main__":
    main()
