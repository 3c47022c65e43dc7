# platform = "local"

import math
import operator

import ray

ray.init()


@ray.remote
def combine(left, right):
    return operator.mul(left, right)


values = [ray.put(number) for number in range(1, 21)]
while (count := len(values)) > 1:
    pairs = zip(values[0::2], values[1::2])
    rest = values[-1:] if count % 2 else []
    values = [combine.remote(left, right) for left, right in pairs] + rest

(product,) = ray.get(values)
match product:
    case _ if product == math.factorial(20):
        print("20! is", product)
    case other:
        raise AssertionError(other)
