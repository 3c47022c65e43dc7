# platform = "emr"
# output = "s3://glue-results/out"
# [[objects]]
# uri = "s3://glue-in/orders/"
# columns = "order_id bigint, customer string, amount double"

import sys

from awsglue.context import GlueContext
from awsglue.dynamicframe import DynamicFrame
from awsglue.job import Job
from awsglue.transforms import ApplyMapping
from awsglue.utils import getResolvedOptions
from pyspark.context import SparkContext
from pyspark.sql.functions import col

args = getResolvedOptions(sys.argv, ["JOB_NAME"])
sc = SparkContext()
glueContext = GlueContext(sc)
spark = glueContext.spark_session
job = Job(glueContext)
job.init(args["JOB_NAME"], args)

orders = glueContext.create_dynamic_frame.from_options(
    connection_type="s3",
    connection_options={"paths": ["s3://glue-in/orders/"], "recurse": True},
    format="csv",
    format_options={"withHeader": True},
    transformation_ctx="orders",
)
mapped = ApplyMapping.apply(
    frame=orders,
    mappings=[("order_id", "long", "id", "long"), ("amount", "double", "amount", "double")],
    transformation_ctx="mapped",
)
large = DynamicFrame.fromDF(mapped.toDF().filter(col("amount") > 100), glueContext, "large")
glueContext.write_dynamic_frame.from_options(
    frame=large,
    connection_type="s3",
    connection_options={"path": "s3://glue-results/out/large"},
    format="parquet",
)
job.commit()
