# [[objects]]
# uri = "s3://archive/2023.csv"
# columns = "station string, celsius double, day date"
# [[objects]]
# uri = "s3://archive/2024.csv"
# columns = "station string, celsius double, day date"

import os
import ray

ray.init()
YEARS = (2023, 2024)
parts = [
    ray.data.read_csv(f"s3://archive/{year}.csv").add_column("year", lambda batch, year=year: [year] * len(batch))
    for year in YEARS
]
first, *others = parts
everything = first.union(*others)
warmest = everything.groupby(["year", "station"]).max("celsius")
warmest.sort(["year", "station"]).write_csv(os.environ["OUTPUT_PATH"])
warmest.show(30)
