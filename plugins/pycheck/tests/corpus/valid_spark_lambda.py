import os
import sys

import boto3
from pyspark.sql import SparkSession


def s3_to_df(input_path, target_path):
    region = os.environ["AWS_REGION"]
    print(f"region {region}, function {os.environ.get('AWS_LAMBDA_FUNCTION_NAME')}")
    spark = (
        SparkSession.builder.appName("Spark-on-AWS-Lambda")
        .master("local[*]")
        .config("spark.driver.bindAddress", "127.0.0.1")
        .config("spark.sql.shuffle.partitions", "2")
        .config("spark.hadoop.fs.s3a.aws.credentials.provider", "com.amazonaws.auth.DefaultAWSCredentialsProviderChain")
        .getOrCreate()
    )
    df = spark.read.option("header", True).csv(input_path)
    df.write.mode("append").parquet(target_path)
    s3 = boto3.client("s3")
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket="data"):
        print(len(page.get("Contents", [])))


if __name__ == "__main__":
    s3_to_df(sys.argv[1], sys.argv[2])
