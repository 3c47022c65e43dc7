# [[objects]]
# uri = "s3://events/raw/"
# format = "json"
# columns = "id string, user struct<name:string,age:int>, items array<struct<sku:string,qty:int,price:double>>, attrs map<string,string>"

import os
from pyspark.sql import SparkSession
from pyspark.sql.functions import expr

spark = SparkSession.builder.getOrCreate()
(
    spark.read.json("s3://events/raw/")
    .withColumn("skus", expr("transform(items, i -> i.sku)"))
    .withColumn("total", expr("aggregate(items, cast(0 as double), (acc, i) -> acc + i.qty * i.price)"))
    .withColumn("cheap", expr("filter(items, i -> i.price < 100)"))
    .withColumn("any_big", expr("exists(items, i -> i.qty > 5)"))
    .withColumn("user", expr("struct(upper(user.name) as name, user.age + 1 as age)"))
    .selectExpr("id", "user.name as user_name", "user.age", "total", "size(cheap) as n_cheap", "any_big", "array_join(skus, ',') as skus")
    .write.mode("overwrite")
    .parquet(os.environ["OUTPUT_PATH"])
)
