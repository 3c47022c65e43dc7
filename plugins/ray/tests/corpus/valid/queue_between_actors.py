# platform = "local"

import ray
from ray.util.queue import Empty, Queue

ray.init()


@ray.remote
def produce(queue, count):
    for number in range(count):
        queue.put(number)
    queue.put(None)


@ray.remote
def consume(queue):
    total = 0
    while True:
        try:
            item = queue.get(timeout=30)
        except Empty:
            break
        if item is None:
            return total
        total += item
    return -1


queue = Queue(maxsize=10)
producer = produce.remote(queue, 50)
total = ray.get(consume.remote(queue))
ray.get(producer)
print("consumed", total)
