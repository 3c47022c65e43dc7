# [[objects]]
# uri = "s3://archive/2023.csv"
# columns = "station string, celsius double, day date"
# [[objects]]
# uri = "s3://archive/2024.csv"
# columns = "station string, celsius double, day date"

import os
import pandas as pd
import ray

FILES = {
    "2023": "s3://archive/2023.csv",
    "2024": "s3://archive/2024.csv",
}


@ray.remote
def mean_by_station(year, path):
    frame = pd.read_csv(path)
    means = frame.groupby("station")["celsius"].mean()
    return means.rename(year)


if __name__ == "__main__":
    ray.init()
    tasks = [mean_by_station.remote(year, path) for year, path in FILES.items()]
    wide = pd.concat(ray.get(tasks), axis=1)
    wide["difference"] = wide["2024"] - wide["2023"]
    print(wide.round(2))
    wide.reset_index().to_parquet(os.environ["OUTPUT_PATH"].rstrip("/") + "/difference/0.parquet")
