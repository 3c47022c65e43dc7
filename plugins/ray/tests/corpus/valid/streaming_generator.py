# platform = "local"

import ray

ray.init()


@ray.remote
def numbers(limit):
    for number in range(limit):
        yield number * number


@ray.remote(num_returns="streaming")
def shout(words):
    for word in words:
        yield word.upper() + "!"


total = 0
for reference in numbers.remote(10):
    total += ray.get(reference)
print("sum of squares:", total)
print(" ".join(ray.get(reference) for reference in shout.remote(["ray", "streams"])))
