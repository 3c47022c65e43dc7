# platform = "local"

import ray


@ray.remote
class Registry:
    def __init__(self):
        self._entries = {}

    def put(self, key, value):
        self._entries.setdefault(key, []).append(value)

    def snapshot(self):
        return {key: sorted(values) for key, values in sorted(self._entries.items())}


@ray.remote
def register(number):
    registry = ray.get_actor("registry")
    ray.get(registry.put.remote("even" if number % 2 == 0 else "odd", number))


if not ray.is_initialized():
    ray.init()
registry = Registry.options(name="registry", lifetime="detached", get_if_exists=True).remote()
ray.get([register.remote(number) for number in range(6)])
print(ray.get(registry.snapshot.remote()))
ray.kill(registry)
