//! Rules `R003`, `R011`, `R012`, `R014`, `R016`, `R021` and `R023`: what tasks and actors are.

use super::*;

fn on(platform: &str) -> Task {
    Task { platform: Some(platform.to_owned()), ..task(vec![]) }
}

#[test]
fn r003_the_jobs_environment_stays() {
    let init = |environment: &str| format!("import ray\n\nray.init(runtime_env={environment})\nprint(1)\n");
    for environment in ["{\"env_vars\": {\"OUTPUT_PATH\": \"x\"}}", "{\"working_dir\": \".\"}"] {
        caught("R003", Error, &on("cluster"), &init(environment));
    }
    for environment in ["{\"env_vars\": {\"A\": \"1\"}}", "None", "{}"] {
        spared("R003", &on("cluster"), &init(environment));
    }
}

#[test]
fn r011_tasks_are_defined_once() {
    for code in [
        "for n in range(3):\n    @ray.remote\n    def f(x):\n        return str(x)\n    print(ray.get(f.remote(n)))",
        "while input():\n    @ray.remote\n    class A:\n        pass\n    A.remote()",
        "def f(x):\n    return str(x)\n\nprint(ray.get([ray.remote(f).remote(n) for n in range(3)]))",
    ] {
        caught("R011", Warning, &on("local"), &core(code));
    }
    for code in [
        "def run():\n    @ray.remote\n    def f(x):\n        return str(x)\n    return f.remote(1)\n\nprint(ray.get(run()))",
        "def f(x):\n    return str(x)\n\ng = ray.remote(f)\nprint(ray.get([g.remote(n) for n in range(3)]))",
        "def f(x):\n    return str(x)\n\ndef g(x):\n    return x\n\nfor each in (f, g):\n    print(ray.get(ray.remote(each).remote(1)))",
        "@ray.remote\ndef f(x):\n    return str(x)\n\nprint(ray.get([f.options(num_cpus=1).remote(n) for n in range(3)]))",
    ] {
        spared("R011", &on("local"), &core(code));
    }
}

#[test]
fn r012_large_values_are_stored_once() {
    let f = "import numpy as np\n\n@ray.remote\ndef f(rows, n=0):\n    return float(rows[n])\n\n";
    for code in [
        "rows = np.zeros(10_000_000)\nprint(ray.get([f.remote(rows, n) for n in range(4)]))",
        "SHAPE = (2000, 2000)\nrows = np.random.random(size=SHAPE)\nfor n in range(4):\n    f.remote(rows=rows)",
        "rows = [0] * 10 ** 7\nprint(ray.get([f.remote(rows, n) for n in range(4)]))",
        "rows = np.random.rand(2000, 2000)\n\n@ray.remote\ndef g(n):\n    return rows[n]\n\ng.remote(1)",
        "rows = list(range(5_000_000))\n\n@ray.remote\nclass A:\n    def g(self, n):\n        return rows[n]\n\nA.remote()",
    ] {
        caught("R012", Warning, &on("local"), &core(&format!("{f}{code}")));
    }
    for code in [
        "rows = ray.put(np.zeros(10_000_000))\nprint(ray.get([f.remote(rows, n) for n in range(4)]))",
        "rows = np.zeros(10_000_000)\nprint(ray.get(f.remote(rows)))",
        "rows = np.zeros(100)\nprint(ray.get([f.remote(rows, n) for n in range(4)]))",
        "for n in range(4):\n    rows = np.zeros(10_000_000)\n    print(ray.get(f.remote(rows, n)))",
        "rows = np.zeros(10_000_000)\nprint(ray.get([f.remote(rows.sum(), n) for n in range(4)]))",
        "@ray.remote\ndef g(n):\n    rows = np.zeros(10_000_000)\n    return rows[n]\n\ng.remote(1)",
        "rows = np.random.rand(2000, 2000)\n\n@ray.remote\ndef g(rows):\n    return rows[0]\n\nref = ray.put(rows)\ng.remote(ref)",
    ] {
        spared("R012", &on("local"), &core(&format!("{f}{code}")));
    }
}

#[test]
fn r014_tasks_are_worth_their_start() {
    let f = "@ray.remote\ndef f(x):\n    \"\"\"Doubles.\"\"\"\n    return x * 2\n\n@ray.remote\ndef g(x):\n    return sum(range(x))\n\n";
    for code in [
        "print(sum(ray.get([f.remote(n) for n in range(1000)])))",
        "refs = []\nfor n in range(50 * 50):\n    refs.append(f.remote(n))\nprint(sum(ray.get(refs)))",
    ] {
        caught("R014", Warning, &on("local"), &core(&format!("{f}{code}")));
    }
    for code in [
        "print(sum(ray.get([f.remote(n) for n in range(10)])))",
        "print(sum(ray.get([g.remote(n) for n in range(1000)])))",
        "import numpy as np\nrows = [np.ones(9) for n in range(2000)]\nrefs = [f.remote(row) for row in rows]\nprint(len(ray.get(refs)))",
    ] {
        spared("R014", &on("local"), &core(&format!("{f}{code}")));
    }
}

#[test]
fn r016_async_actors_await() {
    let f = "import asyncio\n\n@ray.remote\ndef f(x):\n    return str(x)\n\n";
    let actor = |body: &str| format!("{f}@ray.remote\nclass A:\n    {body}\n\nA.remote()\nprint(asyncio)");
    for body in [
        "async def run(self):\n        return ray.get(f.remote(1))",
        "async def run(self, refs):\n        done, rest = ray.wait(refs)\n        return done",
    ] {
        caught("R016", Warning, &on("local"), &core(&actor(body)));
    }
    for body in [
        "async def run(self):\n        return await f.remote(1)",
        "def run(self):\n        return ray.get(f.remote(1))",
        "async def run(self):\n        def inner():\n            return ray.get(f.remote(1))\n        return await asyncio.get_running_loop().run_in_executor(None, inner)",
    ] {
        spared("R016", &on("local"), &core(&actor(body)));
    }
}

#[test]
fn r021_actors_loops_end() {
    let actor = |body: &str, after: &str| {
        format!(
            "import time\n\n@ray.remote\nclass A:\n    def run(self):\n        while True:\n{body}\n\na = A.remote()\n{after}"
        )
    };
    let wait = "            time.sleep(1)";
    caught("R021", Warning, &on("local"), &core(&actor(wait, "ray.get(a.run.remote())")));
    let asynchronous = actor("            await asyncio.sleep(1)", "").replace("def run", "async def run");
    caught("R021", Warning, &on("local"), &core(&format!("import asyncio\n{asynchronous}")));
    for (body, after) in [
        ("            time.sleep(1)\n            if self.done:\n                break", ""),
        ("            time.sleep(1)\n            ray.actor.exit_actor()", ""),
        ("            time.sleep(1)\n            yield 1", ""),
        (wait, "ray.kill(a)"),
    ] {
        spared("R021", &on("local"), &core(&actor(body, after)));
    }
}

#[test]
fn r023_tasks_ask_for_what_is_there() {
    let with = |options: &str| core(&format!("@ray.remote({options})\ndef f(x):\n    return str(x)\n\nf.remote(1)"));
    for options in ["num_gpus=1", "num_gpus=0.5", "accelerator_type=\"A100\"", "num_cpus=-1", "resources={\"CPU\": 1}"]
    {
        caught("R023", Error, &on("local"), &with(options));
    }
    caught("R023", Warning, &on("local"), &with("num_cpus=16"));
    let data = core("GPUS = 1\nprint(ray.data.range(9).map_batches(lambda batch: batch, num_gpus=GPUS).count())");
    caught("R023", Error, &on("local"), &data);
    for options in ["num_cpus=1", "num_cpus=0.5, num_gpus=0", "num_gpus=None", "resources={\"special\": 1}"] {
        spared("R023", &on("local"), &with(options));
    }
    // What a cluster has is its own.
    for options in ["num_gpus=1", "num_cpus=16", "accelerator_type=\"A100\""] {
        spared("R023", &on("cluster"), &with(options));
        spared("R023", &Task { platform: None, ..task(vec![]) }, &with(options));
    }
    let init = "import ray\n\nray.init(num_cpus=4)\nprint(1)\n";
    caught("R023", Warning, &on("cluster"), init);
    spared("R023", &on("local"), init);
    spared("R023", &on("cluster"), "import ray\n\nray.init(num_cpus=None)\nprint(1)\n");
}
