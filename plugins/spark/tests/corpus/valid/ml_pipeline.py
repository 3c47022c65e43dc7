# platform = "emr"
# [[objects]]
# uri = "s3://ml/features/"
# format = "parquet"
# columns = "id bigint, x double, y double, label string"

import os
from pyspark.ml import Pipeline
from pyspark.ml.classification import LogisticRegression
from pyspark.ml.evaluation import MulticlassClassificationEvaluator
from pyspark.ml.feature import StringIndexer, VectorAssembler
from pyspark.sql import SparkSession

spark = SparkSession.builder.appName("logreg").getOrCreate()
df = spark.read.parquet("s3://ml/features/")
stages = [
    StringIndexer(inputCol="label", outputCol="target", handleInvalid="keep"),
    VectorAssembler(inputCols=["x", "y"], outputCol="features"),
    LogisticRegression(featuresCol="features", labelCol="target", maxIter=3),
]
model = Pipeline(stages=stages).fit(df)
predictions = model.transform(df).select("id", "prediction", "target")
accuracy = MulticlassClassificationEvaluator(labelCol="target", metricName="accuracy").evaluate(predictions)
print(f"accuracy {accuracy:.3f}")
predictions.write.mode("overwrite").parquet(os.environ["OUTPUT_PATH"])
