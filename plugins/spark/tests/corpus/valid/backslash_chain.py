# [[objects]]
# uri = "s3://titanic/passengers.csv"
# columns = "PassengerId int, Survived int, Pclass int, Name string, Sex string, Age double, Fare double, Embarked string"

import os
from pyspark.sql import SparkSession
from pyspark.sql.functions import *

spark = SparkSession.builder \
    .appName("Titanic") \
    .config("spark.sql.adaptive.enabled", "true") \
    .getOrCreate()

df = spark.read \
    .option("header", "true") \
    .option("inferSchema", "true") \
    .csv("s3://titanic/passengers.csv")

df = df \
    .withColumn("Title", regexp_extract(col("Name"), "([A-Za-z]+)\\.", 1)) \
    .withColumn("AgeGroup", when(col("Age") < 18, "child").when(col("Age") < 60, "adult").otherwise("senior")) \
    .na.fill({"Embarked": "S"}) \
    .withColumn("Survived", col("survived") == 1)

df.groupBy("Sex", "AgeGroup").agg(avg(col("Survived").cast("int")).alias("rate"), count(lit(1)).alias("n")) \
    .orderBy(desc("rate"), asc("n")) \
    .write \
    .mode("overwrite") \
    .option("header", True) \
    .csv(os.environ["OUTPUT_PATH"])
