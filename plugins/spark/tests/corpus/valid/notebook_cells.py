# [[objects]]
# uri = "s3://retail/sales.csv"
# columns = "order_id bigint, region string, product string, amount double, order_date date"

# %% [markdown]
# # Sales exploration

# %%
import os
from pyspark.sql import SparkSession
import pyspark.sql.functions as F

spark = SparkSession.builder.getOrCreate()

# %%
df = spark.read.csv("s3://retail/sales.csv", header=True, inferSchema=True)
df.printSchema()

# %%
df.show(5)

# %%
df.groupBy("product").count().show()

# %%
by_month = df.groupBy(F.month("order_date").alias("month")).agg(F.round(F.avg("amount"), 2).alias("avg_amount"))
by_month

# %%
by_month.write.mode("overwrite").csv(os.environ["OUTPUT_PATH"], header=True)
