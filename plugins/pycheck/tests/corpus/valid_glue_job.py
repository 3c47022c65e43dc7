import sys

import boto3
from awsglue.context import GlueContext
from awsglue.dynamicframe import DynamicFrame
from awsglue.job import Job
from awsglue.transforms import *
from awsglue.utils import getResolvedOptions
from pyspark.context import SparkContext
from pyspark.sql import functions as F

args = getResolvedOptions(sys.argv, ["JOB_NAME", "database", "target"])
sc = SparkContext.getOrCreate()
glueContext = GlueContext(sc)
spark = glueContext.spark_session
logger = glueContext.get_logger()
job = Job(glueContext)
job.init(args["JOB_NAME"], args)

glue = boto3.client("glue", region_name="eu-central-1")
tables = glue.get_tables(DatabaseName=args["database"])["TableList"]
for table in tables:
    name = table["Name"]
    try:
        frame = glueContext.create_dynamic_frame.from_catalog(database=args["database"], table_name=name)
        df = frame.toDF().withColumn("loaded_at", F.current_timestamp())
        out = DynamicFrame.fromDF(df, glueContext, name)
        glueContext.write_dynamic_frame.from_options(
            frame=out,
            connection_type="s3",
            connection_options={"path": f"{args['target']}/{name}"},
            format="parquet",
        )
    except Exception as e:
        logger.error(f"{name}: {e}")
        raise
mapped = ApplyMapping.apply(frame=frame, mappings=[("id", "long", "id", "long")])
print(mapped.count())
job.commit()
