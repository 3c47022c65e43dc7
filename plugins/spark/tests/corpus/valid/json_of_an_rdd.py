# [[objects]]
# uri = "s3://events/lines/"
# format = "text"
# columns = "value string"

import json
import os
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

spark = SparkSession.builder.getOrCreate()
raw = spark.sparkContext.textFile("s3://events/lines/").map(lambda line: json.dumps({"line": line, "length": len(line)}))
parsed = spark.read.json(raw)
frame = spark.createDataFrame(raw.map(lambda text: (json.loads(text)["length"],)), ["length"])
parsed.join(frame.agg(F.max("length").alias("longest"))).filter("length > 3").write.mode("overwrite").parquet(os.environ["OUTPUT_PATH"])
