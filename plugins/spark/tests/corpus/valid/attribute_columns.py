# [[objects]]
# uri = "s3://titanic/passengers.csv"
# columns = "PassengerId int, Survived int, Pclass int, Name string, Sex string, Age double, Fare double, Embarked string"

import os
from pyspark.sql import SparkSession
import pyspark.sql.functions as F

spark = SparkSession.builder.getOrCreate()
df = spark.read.csv("s3://titanic/passengers.csv", inferSchema=True, header=True)
adults = df[(df.Age >= 18) & (df["Fare"] > 0) & ~df.Name.startswith("Dr")]
adults = adults[["Sex", "Pclass", "Fare", "Survived"]]
adults = adults.withColumn("log_fare", F.log1p(adults.Fare)).filter(adults.Sex.isNotNull())
corr = adults.stat.corr("Survived", "Fare")
quantiles = adults.approxQuantile("Fare", [0.25, 0.5, 0.75], 0.01)
print("corr", corr, "quartiles", quantiles)
adults.crosstab("Sex", "Pclass").write.mode("overwrite").parquet(os.environ["OUTPUT_PATH"])
