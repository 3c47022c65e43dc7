# platform = "local"

import asyncio

import ray


@ray.remote(max_concurrency=8)
class Kitchen:
    def __init__(self):
        self.served = 0
        self.lock = asyncio.Lock()

    async def cook(self, dish: str, seconds: float) -> str:
        await asyncio.sleep(seconds)
        async with self.lock:
            self.served += 1
        return f"{dish} is ready"

    async def count(self) -> int:
        return self.served


async def order(kitchen) -> list[str]:
    dishes = {"soup": 0.05, "bread": 0.02, "tea": 0.01}
    return await asyncio.gather(*(kitchen.cook.remote(dish, seconds) for dish, seconds in dishes.items()))


ray.init()
kitchen = Kitchen.remote()
for line in asyncio.run(order(kitchen)):
    print(line)
print(ray.get(kitchen.count.remote()), "dishes served")
