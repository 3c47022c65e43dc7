# [[objects]]
# uri = "s3://crm/contacts.csv"
# columns = "contact_id bigint, email string, score double"

import hashlib
import os
import ray

ray.init()


def masked(row):
    digest = hashlib.sha256(row["email"].strip().lower().encode()).hexdigest()
    return {"contact": row["contact_id"], "email_hash": digest, "score": row["score"]}


contacts = ray.data.read_csv("s3://crm/contacts.csv")
sample = contacts.random_sample(0.1, seed=42).map(masked)
sample.write_parquet(os.environ["OUTPUT_PATH"])
print(f"{sample.count()} of {contacts.count()} contacts")
