# platform = "local"

import ray

ray.init(num_cpus=2)


@ray.remote
def primes(low: int, high: int) -> list[int]:
    found = []
    for number in range(max(low, 2), high):
        if all(number % divisor for divisor in range(2, int(number**0.5) + 1)):
            found.append(number)
    return found


waiting = {primes.remote(low, low + 1000): low for low in range(0, 10_000, 1000)}
results = {}
while waiting:
    ready, _ = ray.wait(list(waiting), num_returns=min(2, len(waiting)), timeout=10.0)
    for reference in ready:
        results[waiting.pop(reference)] = ray.get(reference)
count = sum(len(found) for found in results.values())
print(f"there are {count} primes below 10000; the last is {results[9000][-1]}")
