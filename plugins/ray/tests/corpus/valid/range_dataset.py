# platform = "local"

import os
import ray

ray.init()
squares = ray.data.range(1000, override_num_blocks=4).map(lambda row: {"id": row["id"], "square": row["id"] ** 2})
even = squares.filter(lambda row: row["square"] % 2 == 0)
print(even.sum("square"), even.count())
even.limit(100).write_json(os.environ["OUTPUT_PATH"])
