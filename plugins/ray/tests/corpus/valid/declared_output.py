# output = "s3://results/team-a/churn"
# [[objects]]
# uri = "s3://crm/customers.csv"
# columns = "customer_id bigint, name string, country string, signup_date date"

import pandas as pd
import ray

ray.init()
NOW = pd.Timestamp("2025-01-01")


def tenure(batch: pd.DataFrame) -> pd.DataFrame:
    months = (NOW - pd.to_datetime(batch["signup_date"])).dt.days // 30
    return batch.assign(months=months)


customers = ray.data.read_csv("s3://crm/customers.csv").map_batches(tenure, batch_format="pandas")
customers.filter(lambda row: row["months"] > 12).write_parquet("s3://results/team-a/churn/")
customers.groupby("country").mean("months").write_csv("s3://results/team-a/churn/by_country")
