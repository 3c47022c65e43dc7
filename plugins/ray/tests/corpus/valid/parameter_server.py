# platform = "local"

import numpy as np
import ray

ray.init()


@ray.remote
class ParameterServer:
    def __init__(self, size: int, rate: float):
        self.weights = np.zeros(size)
        self.rate = rate

    def apply(self, *gradients):
        self.weights = self.weights - self.rate * np.mean(gradients, axis=0)
        return self.weights

    def get(self):
        return self.weights


@ray.remote
class Worker:
    def __init__(self, seed: int):
        rng = np.random.default_rng(seed)
        self.x = rng.normal(size=(200, 3))
        self.y = self.x @ np.array([1.0, -2.0, 0.5]) + rng.normal(scale=0.01, size=200)

    def gradient(self, weights):
        return self.x.T @ (self.x @ weights - self.y) / len(self.y)


server = ParameterServer.options(name="weights", max_restarts=1).remote(3, 0.1)
workers = [Worker.remote(seed) for seed in range(2)]
weights = server.get.remote()
for step in range(1, 101):
    weights = server.apply.remote(*[worker.gradient.remote(weights) for worker in workers])
    if step % 50 == 0:
        print(f"step {step}: {np.round(ray.get(weights), 3).tolist()}")
