# platform = "local"

import time

import numpy as np
import ray

ray.init()


@ray.remote
class Progress:
    def __init__(self, tasks: int):
        self.tasks = tasks
        self.done: dict[int, float] = {}

    def report(self, task: int, share: float) -> None:
        self.done[task] = share

    def share(self) -> float:
        return sum(self.done.values()) / self.tasks


@ray.remote
def estimate(seed: int, rounds: int, progress) -> float:
    rng = np.random.default_rng(seed)
    hits = 0
    for number in range(rounds):
        points = rng.random((10_000, 2))
        hits += int((np.linalg.norm(points, axis=1) <= 1).sum())
        progress.report.remote(seed, (number + 1) / rounds)
    return 4 * hits / (rounds * 10_000)


progress = Progress.remote(3)
tasks = [estimate.remote(seed, 20, progress) for seed in range(3)]
while True:
    share = ray.get(progress.share.remote())
    print(f"progress: {share:.0%}")
    if share >= 1:
        break
    time.sleep(0.2)
print("pi:", round(sum(ray.get(tasks)) / 3, 3))
