//! Programs as people and models write them: none may be refused.

use super::{clean, csv, passes, task};

/// Over no source.
const CORE: &[(&str, &str)] = &[
    (
        "squares",
        "import ray\n\nray.init()\n\n\n@ray.remote\ndef square(x):\n    return x * x\n\n\nfutures = [square.remote(i) for i in range(4)]\nprint(ray.get(futures))\n",
    ),
    (
        "counter",
        "import ray\n\nray.init()\n\n\n@ray.remote\nclass Counter:\n    def __init__(self):\n        self.n = 0\n\n    def increment(self):\n        self.n += 1\n\n    def read(self):\n        return self.n\n\n\ncounters = [Counter.remote() for i in range(4)]\n[c.increment.remote() for c in counters]\nfutures = [c.read.remote() for c in counters]\nprint(ray.get(futures))\n",
    ),
    (
        "wait",
        "import random\nimport time\n\nimport ray\n\nray.init(ignore_reinit_error=True)\n\n\n@ray.remote\ndef work(i):\n    time.sleep(random.random())\n    return i\n\n\npending = [work.remote(i) for i in range(10)]\ntotal = 0\nwhile pending:\n    done, pending = ray.wait(pending, num_returns=1)\n    total += ray.get(done[0])\nprint(total)\n",
    ),
    (
        "nested",
        "import ray\n\nray.init()\n\n\n@ray.remote\ndef leaf(x):\n    return x + 1\n\n\n@ray.remote\ndef branch(n):\n    return sum(ray.get([leaf.remote(i) for i in range(n)]))\n\n\nprint(ray.get(branch.remote(5)))\n",
    ),
    (
        "put",
        "import numpy as np\nimport ray\n\nray.init()\n\n\n@ray.remote(num_cpus=1)\ndef norm(matrix, i):\n    return float(np.linalg.norm(matrix[i]))\n\n\nmatrix = ray.put(np.ones((10, 10)))\nresults = ray.get([norm.options(num_cpus=0.5).remote(matrix, i) for i in range(10)])\nprint(sum(results))\n",
    ),
    (
        "async",
        "import asyncio\n\nimport ray\n\nray.init()\n\n\n@ray.remote\nclass Async:\n    async def run(self, x):\n        await asyncio.sleep(0.1)\n        return x\n\n\nactor = Async.options(max_concurrency=4).remote()\nprint(ray.get([actor.run.remote(i) for i in range(4)]))\n",
    ),
    (
        "tree",
        "import ray\n\nray.init()\n\n\n@ray.remote\ndef add(a, b):\n    return a + b\n\n\nvalues = [ray.put(i) for i in range(8)]\nwhile len(values) > 1:\n    values = values[2:] + [add.remote(values[0], values[1])]\nprint(ray.get(values[0]))\n",
    ),
    (
        "pool",
        "import ray\nfrom ray.util import ActorPool\n\nray.init()\n\n\n@ray.remote\nclass Worker:\n    def double(self, v):\n        return 2 * v\n\n\npool = ActorPool([Worker.remote(), Worker.remote()])\nprint(list(pool.map(lambda a, v: a.double.remote(v), [1, 2, 3, 4])))\n",
    ),
    (
        "returns",
        "import ray\n\nray.init()\n\n\n@ray.remote(num_returns=2)\ndef split(xs):\n    middle = len(xs) // 2\n    return xs[:middle], xs[middle:]\n\n\ndef main():\n    left, right = split.remote(list(range(10)))\n    print(ray.get([left, right]))\n\n\nif __name__ == \"__main__\":\n    main()\n    ray.shutdown()\n",
    ),
    (
        "errors",
        "import logging\n\nimport ray\nfrom ray.exceptions import RayTaskError\n\nlogging.basicConfig(level=logging.INFO)\nlogger = logging.getLogger(__name__)\nray.init()\n\n\n@ray.remote(max_retries=2)\ndef risky(x):\n    if x == 3:\n        raise ValueError(x)\n    return x\n\n\nfor x in [risky.remote(i) for i in range(4)]:\n    try:\n        print(ray.get(x))\n    except RayTaskError as error:\n        logger.info(\"%s\", error)\n",
    ),
    (
        "made",
        "import ray\n\nray.init()\n\n\ndef cube(x):\n    return x ** 3\n\n\nremote_cube = ray.remote(cube)\nprint(cube(2), ray.get([remote_cube.remote(i) for i in range(3)]))\n",
    ),
    (
        "from",
        "from typing import List\n\nimport ray\nfrom ray import get, remote\n\nray.init()\n\n\n@remote\ndef total(xs: List[int]) -> int:\n    return sum(xs)\n\n\nprint(get(total.remote([1, 2, 3])))\n",
    ),
    (
        "iterate",
        "import ray\n\nray.init()\n\n\n@ray.remote\ndef step(weights):\n    return [w * 0.5 for w in weights]\n\n\nweights = [1.0, 2.0]\nfor epoch in range(3):\n    weights = ray.get(step.remote(weights))\nprint(weights)\n",
    ),
    (
        "range",
        "import ray\n\nray.init()\n\nds = ray.data.range(100).map_batches(lambda b: {\"square\": b[\"id\"] ** 2})\nprint(ds.sum(\"square\"))\n",
    ),
    (
        "placement",
        "import ray\nfrom ray.util.placement_group import placement_group\nfrom ray.util.scheduling_strategies import PlacementGroupSchedulingStrategy\n\nray.init()\ngroup = placement_group([{\"CPU\": 1}])\nray.get(group.ready())\n\n\n@ray.remote(num_cpus=1)\ndef f():\n    return 1\n\n\nstrategy = PlacementGroupSchedulingStrategy(placement_group=group)\nprint(ray.get(f.options(scheduling_strategy=strategy).remote()))\n",
    ),
];

/// Over the CSV at `s3://data/sales.csv`.
const DATA: &[(&str, &str)] = &[
    (
        "pipeline",
        "import os\n\nimport pyarrow as pa\nimport pyarrow.compute as pc\nimport ray\n\nray.init()\noutput = os.environ[\"OUTPUT_PATH\"]\n\n\ndef keep(batch: pa.Table) -> pa.Table:\n    return batch.filter(pc.field(\"amount\") > 3)\n\n\nds = ray.data.read_csv(\"s3://data/sales.csv\").map_batches(keep, batch_format=\"pyarrow\")\nresult = ds.groupby(\"region\").sum(\"amount\").sort(\"region\")\nresult.write_parquet(output.rstrip(\"/\") + \"/result\")\nprint(result.limit(50).to_pandas())\n",
    ),
    (
        "pandas",
        "import os\n\nimport pandas as pd\nimport ray\n\nINPUT_PATH = \"s3://data/sales.csv\"\nOUTPUT_PATH = os.environ.get(\"OUTPUT_PATH\", \"s3://default/out\")\nray.init()\n\n\n@ray.remote\ndef summarise(path: str, target: str):\n    frame = pd.read_csv(path)\n    result = frame.groupby(\"region\", as_index=False)[\"amount\"].sum()\n    result.to_parquet(f\"{target}/result.parquet\", index=False)\n    return result\n\n\nprint(ray.get(summarise.remote(INPUT_PATH, OUTPUT_PATH)).head())\n",
    ),
    (
        "classes",
        "import os\n\nimport ray\n\nray.init()\n\n\nclass Double:\n    def __init__(self, factor=2):\n        self.factor = factor\n\n    def __call__(self, batch):\n        batch[\"amount\"] = batch[\"amount\"] * self.factor\n        return batch\n\n\nds = ray.data.read_csv(\"s3://data/sales.csv\")\nds = ds.map_batches(Double, concurrency=2, fn_constructor_kwargs={\"factor\": 3})\nds = ds.filter(lambda row: row[\"amount\"] > 1).map(lambda row: {**row, \"flag\": True})\nds.write_csv(os.path.join(os.environ[\"OUTPUT_PATH\"], \"result\"))\nds.show(10)\n",
    ),
    (
        "shards",
        "import os\n\nimport ray\n\nray.init()\n\n\n@ray.remote\ndef total(shard):\n    seen = {}\n    for batch in shard.iter_batches(batch_format=\"pandas\"):\n        for region, amount in zip(batch[\"region\"], batch[\"amount\"]):\n            seen[region] = seen.get(region, 0) + amount\n    return seen\n\n\nds = ray.data.read_csv(\"s3://data/sales.csv\")\nparts = ray.get([total.remote(shard) for shard in ds.split(2)])\nresults = {}\nfor part in parts:\n    for region, amount in part.items():\n        results[region] = results.get(region, 0) + amount\nprint(results)\nrows = [{\"region\": region, \"total\": total} for region, total in results.items()]\nray.data.from_items(rows).write_parquet(os.environ[\"OUTPUT_PATH\"] + \"result\")\n",
    ),
    (
        "arrow",
        "import io\nimport os\n\nimport pyarrow.csv as pcsv\nimport pyarrow.parquet as pq\nimport ray\nfrom pyarrow import fs\n\nray.init()\n\n\n@ray.remote\ndef convert():\n    filesystem, path = fs.FileSystem.from_uri(\"s3://data/sales.csv\")\n    with filesystem.open_input_stream(path) as stream:\n        table = pcsv.read_csv(io.BytesIO(stream.read()))\n    pq.write_table(table, os.environ[\"OUTPUT_PATH\"] + \"result/0.parquet\")\n    return table.num_rows\n\n\nprint(ray.get(convert.remote()), \"rows of\", ray.data.read_csv(\"s3://data/sales.csv\").count())\n",
    ),
];

#[test]
fn programs_of_tasks_and_actors() {
    for (name, code) in CORE {
        println!("{name}");
        passes(&task(vec![]), code);
        if *name != "from" {
            clean(&task(vec![]), code);
        }
    }
}

#[test]
fn programs_over_data() {
    for (name, code) in DATA {
        println!("{name}");
        passes(&csv(), code);
    }
}
