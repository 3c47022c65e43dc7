# platform = "local"

import os
import random

import pyarrow as pa
import pyarrow.parquet as pq
import ray

SAMPLES, WORKERS = 200_000, 4


@ray.remote
def inside(samples: int, seed: int) -> int:
    generator = random.Random(seed)
    return sum(generator.random() ** 2 + generator.random() ** 2 <= 1.0 for _ in range(samples))


def main():
    ray.init()
    hits = ray.get([inside.remote(SAMPLES // WORKERS, seed) for seed in range(WORKERS)])
    pi = 4 * sum(hits) / SAMPLES
    print(f"pi is about {pi:.4f}")
    pq.write_table(pa.table({"samples": [SAMPLES], "pi": [pi]}), os.environ["OUTPUT_PATH"] + "/pi.parquet")


main()
