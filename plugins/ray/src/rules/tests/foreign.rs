//! Ways of valid programs that were taken for wrong ones.

use super::*;

/// The same, over one source, before what is written.
fn over_source(body: &str) -> String {
    format!("{HEAD}{body}\n")
}

#[test]
fn what_a_helper_joins_is_not_told_apart() {
    for body in [
        "def s3(bucket, key):\n    return f\"s3://{bucket}/{key}\"\ndata = ray.data.read_csv(s3(\"data\", \"sales.csv\"))\nprint(s3(\"a\", \"b\"))",
        "def under(base, name):\n    return base + \"/\" + name\ndata = ray.data.read_csv(under(\"s3://data\", \"sales.csv\"))\ndata.write_csv(under(output, \"x\"))",
        "if not output:\n    output = \"/tmp/out\"\nray.data.read_csv(\"s3://data/sales.csv\").write_csv(output)",
        "target = output if output else \"./out\"\nray.data.read_csv(\"s3://data/sales.csv\").write_csv(target + \"/x\")",
        "def copy(source, target):\n    ray.data.read_csv(source).write_csv(target)\ncopy(\"s3://data/sales.csv\", output + \"a\")\ncopy(output + \"a\", output + \"b\")",
    ] {
        passes(&csv(), &over_source(body));
    }
    for (rule, body) in [
        ("R024", "for path in [\"s3://data/sales.csv\", \"s3://other/x.csv\"]:\n    print(ray.data.read_csv(path))"),
        (
            "R025",
            "def save(data, path):\n    data.write_csv(path)\ndata = ray.data.read_csv(\"s3://data/sales.csv\")\nsave(data, output)\nsave(data, \"/tmp/x\")",
        ),
        ("R025", "x = \"/tmp/x\"\nray.data.read_csv(\"s3://data/sales.csv\").write_csv(x)"),
    ] {
        caught(rule, Error, &csv(), &over_source(body));
    }
}

#[test]
fn a_file_system_has_paths_of_its_own() {
    let head = "from pyarrow import csv, fs\nimport pyarrow.parquet as pq\nstore = fs.S3FileSystem()\n";
    for body in [
        "data = ray.data.read_csv(\"data/sales.csv\", filesystem=store)\ndata.write_csv(output)",
        "data = ray.data.read_csv(\"sales.csv\", filesystem=fs.SubTreeFileSystem(\"data\", store))\ndata.write_csv(output)",
        "with store.open_input_stream(\"data/sales.csv\") as lines:\n    print(lines.read())",
        "system, path = fs.FileSystem.from_uri(\"s3://data/sales.csv\")\nprint(system.open_input_file(path).read())",
        "bucket, key = output.removeprefix(\"s3://\").split(\"/\", 1)\ndata = ray.data.read_csv(\"s3://data/sales.csv\")\ndata.write_csv(f\"s3://{bucket}/{key}x\")",
    ] {
        passes(&csv(), &over_source(&format!("{head}{body}")));
    }
    let declared = Task { output: Some("s3://mine/out".to_owned()), ..csv() };
    for body in
        ["store.open_output_stream(\"mine/out/x\").close()", "pq.write_table(1, \"mine/out/x\", filesystem=store)"]
    {
        passes(&declared, &over_source(&format!("{head}{READ}{body}")));
    }
    let elsewhere = format!("{head}{READ}store.open_output_stream(\"/tmp/x\").close()");
    caught("R025", Error, &declared, &over_source(&elsewhere));
}

#[test]
fn a_reader_may_be_handed_on() {
    for body in [
        "readers = {\"csv\": ray.data.read_csv}\nprint(readers[\"csv\"](\"s3://data/sales.csv\"))",
        "kind = os.environ.get(\"KIND\", \"csv\")\nprint(getattr(ray.data, f\"read_{kind}\")(\"s3://data/sales.csv\"))",
        "import pandas as pd\nprint(ray.get(ray.remote(pd.read_csv).remote(\"s3://data/sales.csv\")))",
    ] {
        passes(&csv(), &over_source(body));
    }
    caught("R018", Error, &csv(), &over_source("print(ray.data.range(3).count())"));
}

#[test]
fn a_result_is_shown_in_many_ways() {
    for show in [
        "import sys\nsys.stdout.write(str(data.count()))",
        "import json, sys\njson.dump(data.count(), sys.stdout)",
        "list(map(print, data.take(3)))",
        "import logging\nlogging.getLogger().error(data.count())",
        "def save(make):\n    make(data).write_csv(output)\nsave(lambda data: data.limit(3))",
        "class Sink:\n    def write_csv(self, data):\n        data.write_csv(output)\nSink().write_csv(data)",
    ] {
        spared("R019", &csv(), &over_source(&format!("{READ}{show}")));
    }
    let set_up = "import logging, sys\nlogging.basicConfig(stream=sys.stdout)\ndata.count()";
    caught("R019", Error, &csv(), &over_source(&format!("{READ}{set_up}")));
}

#[test]
fn methods_of_the_program_write_what_they_like() {
    let class = "class Report:\n    def write_csv(self, name):\n        return name\n    def to_json(self, style):\n        return style\n    def run(self):\n        self.write_csv(\"totals\")\n        return self.to_json(\"short\")\n";
    passes(
        &task(vec![]),
        &core(&format!(
            "{class}Report().run()\nfor report in ray.get([ray.put(Report())]):\n    report.to_json(\"long\")"
        )),
    );
}

#[test]
fn another_decorator_may_change_what_is_remote() {
    let wait = "def wait(task):\n    return lambda *a: ray.get(task.remote(*a))\n\n";
    passes(&task(vec![]), &core(&format!("{wait}@wait\n@ray.remote\ndef f(x):\n    return x\n\nf(1)")));
    caught(
        "R005",
        Error,
        &task(vec![]),
        &core("def same(f):\n    return f\n\n@ray.remote\n@same\ndef f(x):\n    return x\n\nf(1)"),
    );
}

#[test]
fn a_worker_may_keep_what_it_made() {
    for code in [
        "model = None\n\n@ray.remote\ndef f(x):\n    global model\n    if model is None:\n        model = 3\n    return model * x\n\nf.remote(1)",
        "cache = {}\n\n@ray.remote\ndef f(x):\n    if x not in cache:\n        cache[x] = x * x\n    return cache[x]\n\nf.remote(1)",
    ] {
        caught("R013", Warning, &task(vec![]), &core(code));
        passes(&task(vec![]), &core(code));
    }
}

#[test]
fn an_environment_of_variables_is_made_in_many_ways() {
    for environment in [
        "ray.runtime_env.RuntimeEnv(env_vars={\"A\": \"1\"})",
        "dict(env_vars={\"A\": \"1\"})",
        "{\"env_vars\": {}, \"config\": {\"setup_timeout_seconds\": 60}}",
    ] {
        spared("X109", &task(vec![]), &format!("import ray\nray.init(runtime_env={environment})\nprint(1)\n"));
    }
    for environment in ["ray.runtime_env.RuntimeEnv(pip=[\"x\"])", "dict(pip=[\"x\"])"] {
        caught("X109", Error, &task(vec![]), &format!("import ray\nray.init(runtime_env={environment})\nprint(1)\n"));
    }
}

#[test]
fn the_pool_of_ray_is_no_module_of_processes() {
    let pool = "from ray.util.multiprocessing import Pool\nwith Pool() as pool:\n    print(pool.map(abs, [-1]))";
    passes(&task(vec![]), &core(pool));
    let through = "import ray.util.multiprocessing.pool as p\np.os.system(\"ls\")";
    caught("X107", Error, &task(vec![]), &core(through));
}
