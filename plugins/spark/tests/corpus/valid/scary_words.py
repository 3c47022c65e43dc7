# [[objects]]
# uri = "s3://audit/commands.csv"
# columns = "host string, exec string, password_hash string, token string, `eval` string, count bigint"

"""Looks at commands that were audited.

Nothing here calls subprocess, os.system or eval(); we only count such words. DROP TABLE users; -- not run.
"""
import os

from pyspark.sql import SparkSession
from pyspark.sql import functions as F

# TODO: subprocess.run, socket.connect, pickle.loads and `rm -rf /` should be reported too
SUSPICIOUS = ["subprocess", "os.system", "eval(", "DROP TABLE", "import socket", "while True:", "curl http"]

spark = SparkSession.builder.appName("audit of exec()").getOrCreate()
df = spark.read.csv("s3://audit/commands.csv", header=True, inferSchema=True)
df = df.withColumnRenamed("exec", "command").drop("password_hash", "token")
flags = [F.col("command").contains(word).alias("has_" + str(i)) for i, word in enumerate(SUSPICIOUS)]
result = df.select("host", "eval", *flags)
result = result.filter(F.col("eval") != "delete from t where 1=1; truncate table x")
result.write.mode("overwrite").parquet(os.environ["OUTPUT_PATH"])
print("never use eval or exec; INSERT INTO nothing; select * from nowhere")
