# platform = "local"

import numpy as np
import ray

ray.init()
rng = np.random.default_rng(seed=3)
left, right = rng.random((400, 300)), rng.random((300, 200))


@ray.remote
def product(rows: slice, left: np.ndarray, right: np.ndarray) -> np.ndarray:
    return left[rows] @ right


left_ref, right_ref = ray.put(left), ray.put(right)
blocks = [product.remote(slice(start, start + 100), left_ref, right_ref) for start in range(0, 400, 100)]
result = np.vstack(ray.get(blocks))
print(result.shape, np.allclose(result, left @ right))
