import os

from pyspark.sql import SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import StringType

spark = SparkSession.builder.appName("enginehouse").getOrCreate()
output = os.environ["OUTPUT_PATH"]
df = spark.read.option("header", True).option("inferSchema", True).csv("s3://data/sales.csv")


@F.udf(returnType=StringType())
def band(amount):
    if amount is None:
        return "none"
    return "high" if amount > threshold else "low"


threshold = 10
result = df.withColumn("band", band(F.col("amount")))
result.write.mode("overwrite").parquet(output)
result.show()
spark.stop()
