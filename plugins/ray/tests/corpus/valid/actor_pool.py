# platform = "local"

import ray
from ray.util.actor_pool import ActorPool

ray.init()


@ray.remote
class Squarer:
    def __init__(self, power=2):
        self.power = power

    def run(self, value):
        return value**self.power


pool = ActorPool([Squarer.remote(power=2) for _ in range(3)])
ordered = list(pool.map(lambda actor, value: actor.run.remote(value), range(10)))
unordered = sorted(pool.map_unordered(lambda actor, value: actor.run.remote(value), range(10)))
assert ordered == unordered
print(ordered)
