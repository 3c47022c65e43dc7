
import ray
from ray.util.multiprocessing import Pool

ray.init()


def square(x):
    return x * x


with Pool() as pool:
    print(sum(pool.map(square, range(100))))
