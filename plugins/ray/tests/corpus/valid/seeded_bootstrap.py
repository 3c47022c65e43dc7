# platform = "local"

import dataclasses
import statistics
from functools import partial

import numpy as np
import ray


@dataclasses.dataclass(slots=True)
class Interval:
    low: float
    high: float

    @property
    def width(self) -> float:
        return self.high - self.low


@ray.remote
def resampled(values, seed, rounds=50):
    rng = np.random.default_rng(seed)
    return [float(rng.choice(values, size=len(values)).mean()) for _ in range(rounds)]


def interval(means, share=0.95):
    cut = (1 - share) / 2
    return Interval(*(float(np.quantile(means, at)) for at in (cut, 1 - cut)))


ray.init()
values = ray.put(np.random.default_rng(0).exponential(size=500))
means = [mean for part in ray.get([resampled.remote(values, seed) for seed in range(8)]) for mean in part]
found = partial(interval, share=0.9)(means)
print(f"mean {statistics.fmean(means):.3f} in [{found.low:.3f}, {found.high:.3f}], {found.width:.3f} wide")
