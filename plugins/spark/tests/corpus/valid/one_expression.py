# [[objects]]
# uri = "s3://a/b.csv"
# columns = "x int, y int"

from os import environ
from pyspark.sql import SparkSession as S

(S.builder.getOrCreate().read.csv("s3://a/b.csv", header=True, inferSchema=True).selectExpr("x + y as z").groupBy("z").count()
 .write.csv(environ["OUTPUT_PATH"], mode="overwrite"))
