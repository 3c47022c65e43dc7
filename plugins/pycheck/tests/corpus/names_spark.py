spark.read.csv("s3://data/x.csv").show()
