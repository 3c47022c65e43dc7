# [[objects]]
# uri = "s3://retail/sales.csv"
# columns = "order_id bigint, region string, product string, amount double, order_date date"

# Import the necessary libraries
from pyspark.sql import SparkSession
from pyspark.sql.functions import col, sum, avg
import os

# Create a Spark session
spark = SparkSession.builder \
    .appName("SalesAnalysis") \
    .getOrCreate()

# Read the CSV file
input_path = "s3://retail/sales.csv"
df = spark.read.csv(input_path, header=True, inferSchema=True)

# Calculate the total and average amount by region
result_df = df.groupBy("region") \
    .agg(
        sum(col("amount")).alias("total_amount"),
        avg(col("amount")).alias("average_amount")
    )

# Show the result
result_df.show()

# Write the result to the output path
output_path = os.environ["OUTPUT_PATH"]
result_df.write.mode("overwrite").parquet(output_path)

# Stop the Spark session
spark.stop()
