# platform = "local"

import ray


def factorial(n: int) -> int:
    return 1 if n < 2 else n * factorial(n - 1)


def describe(n: int, value: int) -> str:
    return f"{n}! has {len(str(value))} digits"


ray.init()
remote_factorial = ray.remote(factorial)
remote_describe = ray.remote(num_cpus=0.5)(describe)
lines = ray.get([remote_describe.remote(n, remote_factorial.remote(n)) for n in (5, 10, 20)])
print(*lines, sep="\n")
assert factorial(5) == 120
