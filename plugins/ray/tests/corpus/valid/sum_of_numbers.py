# platform = "local"

import ray

ray.init()


@ray.remote
def partial_sum(start, stop):
    return sum(range(start, stop))


parts = [partial_sum.remote(start, start + 10) for start in range(1, 101, 10)]
print("The sum of 1 to 100 is", sum(ray.get(parts)))
