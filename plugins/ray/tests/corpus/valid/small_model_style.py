# [[objects]]
# uri = "s3://retail/sales.csv"
# columns = "order_id bigint, region string, product string, amount double, order_date date"

import ray
import os

# Initialize Ray
ray.init()

# Read the data
df = ray.data.read_csv("s3://retail/sales.csv")

# Group by region and calculate sum
result = df.groupby("region").sum("amount")

# Print the result
print(result.take(10))

# Save the result
result.write_parquet(os.environ["OUTPUT_PATH"])

print("Done!")
