# platform = "local"

import os
import ray
from ray.exceptions import GetTimeoutError, RayTaskError

ray.init()


@ray.remote(max_retries=2, retry_exceptions=[ConnectionError])
def divide(a, b):
    return a / b


results, failures = [], []
for a, reference in [(a, divide.remote(a, a - 2)) for a in range(5)]:
    try:
        results.append((a, ray.get(reference, timeout=60)))
    except ZeroDivisionError as error:
        failures.append((a, type(error).__name__))
    except (GetTimeoutError, RayTaskError) as error:
        raise SystemExit(f"task {a}: {error}")

print("results:", results)
print("failures:", failures)
ray.data.from_items([{"a": a, "value": value} for a, value in results]).write_parquet(os.environ["OUTPUT_PATH"])
