# platform = "local"

import ray

ray.init()
LIMIT = 4


@ray.remote
def collatz(number):
    steps = 0
    while number != 1:
        number = number // 2 if number % 2 == 0 else 3 * number + 1
        steps += 1
    return steps


in_flight, longest = [], 0
for number in range(1, 200):
    if len(in_flight) >= LIMIT:
        ready, in_flight = ray.wait(in_flight)
        longest = max(longest, *ray.get(ready), 0)
    in_flight.append(collatz.remote(number))
longest = max(longest, *ray.get(in_flight))
print(longest)
