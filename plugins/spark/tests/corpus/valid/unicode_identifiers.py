# [[objects]]
# uri = "s3://städte/einwohner.csv"
# columns = "stadt string, `größe` double, `Jahr` int, `名前` string"

import os
from pyspark.sql import SparkSession, functions as F

spark = SparkSession.builder.appName("Größte Städte 🏙").getOrCreate()
städte = spark.read.csv("s3://städte/einwohner.csv", header=True, inferSchema=True)
größte = städte.where(F.col("größe") > 1).groupBy("stadt", "名前").agg(F.max("größe").alias("größe"))
δ = 0.5
ergebnis = größte.withColumn("Δ", F.col("größe") - F.lit(δ)).orderBy(F.desc("größe"))
ergebnis.write.mode("overwrite").parquet(os.environ["OUTPUT_PATH"])
for zeile in ergebnis.take(3):
    print(f"{zeile['stadt']} → {zeile['größe']:.1f}")
