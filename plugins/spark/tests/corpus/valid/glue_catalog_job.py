# platform = "emr"
# output = "s3://glue-results/out"
# [[tables]]
# name = "sales.orders"
# columns = "order_id bigint, customer_id bigint, total double, status string"

import sys
from awsglue.context import GlueContext
from awsglue.job import Job
from awsglue.utils import getResolvedOptions
from pyspark.context import SparkContext
from pyspark.sql import functions as F

args = getResolvedOptions(sys.argv, ["JOB_NAME"])
glue = GlueContext(SparkContext.getOrCreate())
spark = glue.spark_session
logger = glue.get_logger()
job = Job(glue)
job.init(args["JOB_NAME"], args)

dyf = glue.create_dynamic_frame.from_catalog(database="sales", table_name="orders")
df = dyf.toDF()
logger.info("columns: " + ", ".join(df.columns))
df.groupBy("status").agg(F.sum("total").alias("total")).write.mode("overwrite").parquet("s3://glue-results/out/")
job.commit()
