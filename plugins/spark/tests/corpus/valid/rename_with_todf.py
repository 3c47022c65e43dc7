# [[objects]]
# uri = "s3://legacy/people.csv"
# columns = "`First Name` string, `Last Name` string, `Birth Date` date"

import os
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

spark = SparkSession.builder.getOrCreate()
people = spark.read.csv("s3://legacy/people.csv", header=True, inferSchema=True)
people = people.toDF(*(name.lower().replace(" ", "_") for name in people.columns))
people = people.withColumns(
    {
        "full_name": F.concat_ws(" ", "first_name", "last_name"),
        "age": F.floor(F.months_between(F.current_date(), "birth_date") / 12),
    }
)
people = people.withColumnsRenamed({"birth_date": "born"}).select("full_name", "born", "age")
people.write.mode("overwrite").parquet(os.environ["OUTPUT_PATH"])
