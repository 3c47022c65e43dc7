"""What nearly every program does: its classes go into the archive."""

import os

from pyspark.sql import SparkSession
from pyspark.sql import functions as F

output = os.environ["OUTPUT_PATH"]
spark = SparkSession.builder.getOrCreate()
rows = [(number, "abc"[number % 3], number * 0.5) for number in range(300)]
spark.createDataFrame(rows, "number long, letter string, half double").write.csv(output + "csv", header=True)
table = spark.read.csv(output + "csv", header=True, inferSchema=True)
table.createOrReplaceTempView("t")
spark.sql("select letter, sum(half) as total from t group by letter order by total desc limit 2").show()
groups = table.filter(F.col("number") > 10).groupBy("letter").agg(F.count("*").alias("n"), F.avg("half").alias("m"))
joined = groups.join(table, "letter").orderBy("number")
joined.write.mode("overwrite").parquet(output + "parquet")
joined.coalesce(1).write.mode("overwrite").json(output + "json")
spark.read.parquet(output + "parquet").printSchema()
print(spark.read.json(output + "json").count(), spark.read.parquet(output + "parquet").first())
