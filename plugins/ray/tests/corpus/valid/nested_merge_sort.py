# platform = "local"

import random
import ray

ray.init()
THRESHOLD = 500


def merge(left, right):
    merged, i, j = [], 0, 0
    while i < len(left) and j < len(right):
        if left[i] <= right[j]:
            merged.append(left[i])
            i += 1
        else:
            merged.append(right[j])
            j += 1
    return merged + left[i:] + right[j:]


@ray.remote
def merge_sort(values):
    if len(values) <= THRESHOLD:
        return sorted(values)
    middle = len(values) // 2
    halves = [merge_sort.remote(values[:middle]), merge_sort.remote(values[middle:])]
    return merge(*ray.get(halves))


random.seed(41)
values = [random.randint(0, 10_000) for _ in range(2_000)]
result = ray.get(merge_sort.remote(values))
print("sorted:", result == sorted(values), "first:", result[:5])
