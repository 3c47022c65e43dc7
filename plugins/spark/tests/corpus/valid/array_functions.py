# [[objects]]
# uri = "s3://shop/baskets.csv"
# columns = "basket bigint, tags string, customer string"

import os
from pyspark.sql import SparkSession
from pyspark.sql.functions import (
    array_contains, array_distinct, array_intersect, array_sort, arrays_zip, col, collect_set,
    posexplode, sequence, slice, sort_array, split, size, lit, array_union, flatten, collect_list, shuffle, exists,
)

spark = SparkSession.builder.appName("arrays").getOrCreate()
baskets = spark.read.csv("s3://shop/baskets.csv", header=True, inferSchema=True)
tagged = baskets.withColumn("tag_list", array_sort(array_distinct(split(col("tags"), ","))))
exploded = tagged.select("basket", posexplode("tag_list").alias("position", "tag"))
by_customer = tagged.groupBy("customer").agg(
    collect_set("basket").alias("baskets"), flatten(collect_list("tag_list")).alias("all_tags")
)
result = by_customer.withColumn("first_two", slice("baskets", 1, 2)).withColumn("n", size("all_tags"))
result = result.withColumn("indexes", sequence(lit(1), size("all_tags"))).withColumn("has_a", array_contains("all_tags", "a"))
result.write.mode("overwrite").parquet(os.environ["OUTPUT_PATH"] + "/customers")
exploded.write.mode("overwrite").parquet(os.environ["OUTPUT_PATH"] + "/tags")
