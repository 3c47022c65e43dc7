from pyspark.sql.functions import *
from pyspark.sql import SparkSession

spark = SparkSession.builder.getOrCreate()
spark.range(3).select(col("id"), lit(1).alias("one")).show()
