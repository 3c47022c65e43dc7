use enginehouse_sdk::{Finding, RelationKind, RelationSource, Severity, Source, TableSource, Task, testing};

use super::{readable, rules, validate};

mod datasets;
mod foreign;
mod good;
mod pages;
mod results;
mod tasks;

const HEAD: &str = "import os\nimport ray\n\nray.init()\noutput = os.environ[\"OUTPUT_PATH\"]\n";
const READ: &str = "data = ray.data.read_csv(\"s3://data/sales.csv\")\n";
const WRITE: &str = "data.write_parquet(output)\n";

fn objects(uri: &str) -> Source {
    Source::Objects(testing::csv(uri, &[("region", ""), ("amount", "")]))
}

fn table(kind: RelationKind, location: Option<&str>, format: Option<&str>) -> Source {
    Source::Table(TableSource {
        kind,
        location: location.map(str::to_owned),
        format: format.map(str::to_owned),
        ..testing::table("sales", "orders", &[("id", ""), ("total", "")])
    })
}

fn task(sources: Vec<Source>) -> Task {
    testing::task("", sources)
}

fn csv() -> Task {
    task(vec![objects("s3://data/sales.csv")])
}

fn found(findings: &[Finding]) -> Vec<String> {
    findings.iter().map(|finding| format!("{} {:?} {}", finding.rule, finding.severity, finding.message)).collect()
}

#[track_caller]
fn clean(task: &Task, code: &str) {
    assert_eq!(found(&validate(task, code)), Vec::<String>::new(), "\n{code}");
}

/// Nothing that refuses the program: warnings and notes may be there.
#[track_caller]
fn passes(task: &Task, code: &str) {
    let mut findings = validate(task, code);
    findings.retain(|finding| finding.severity == Severity::Error);
    assert_eq!(found(&findings), Vec::<String>::new(), "\n{code}");
}

#[track_caller]
fn caught(rule: &str, severity: Severity, task: &Task, code: &str) {
    let findings = validate(task, code);
    let hit = findings.iter().find(|finding| finding.rule == rule && finding.severity == severity);
    assert!(
        hit.is_some_and(|finding| finding.hint.is_some()),
        "{rule} {severity:?} is not in {:#?}\n{code}",
        found(&findings)
    );
}

#[track_caller]
fn spared(rule: &str, task: &Task, code: &str) {
    let findings = validate(task, code);
    assert!(findings.iter().all(|finding| finding.rule != rule), "{rule} is in {:#?}\n{code}", found(&findings));
}

use Severity::{Error, Note, Warning};

/// A program without a source: the usual head, then this, then a print.
fn core(body: &str) -> String {
    format!("import ray\n\nray.init()\n\n{body}\nprint(1)\n")
}

#[test]
fn rules_have_ids_of_their_own() {
    let rules = rules();
    let ids: std::collections::BTreeSet<&str> = rules.iter().map(|rule| rule.id.as_str()).collect();
    assert_eq!(ids.len(), rules.len());
}

#[test]
fn r001_ray_is_imported() {
    caught("R001", Error, &task(vec![]), "print(sum(range(5)))\n");
    spared("R001", &task(vec![]), "from ray import data\nprint(data.range(5).count())\n");
}

#[test]
fn r002_the_cluster_is_there() {
    for code in [
        "ray.init(address=\"ray://10.0.0.1:10001\")",
        "ray.init(\"192.168.0.7:6379\")",
        "HOST = \"head\"\nray.init(address=f\"ray://{HOST}:10001\")",
        "ray.init(local_mode=True)",
        "ray.client(\"x:1\").connect()",
    ] {
        caught("R002", Error, &task(vec![]), &format!("import ray\n{code}\nprint(1)\n"));
    }
    for code in [
        "ray.init()",
        "ray.init(address=\"auto\")",
        "ray.init(address=None, ignore_reinit_error=True)",
        "ray.init(num_cpus=2, local_mode=False)",
        "import os\nray.init(address=os.environ.get(\"RAY_ADDRESS\"))",
    ] {
        spared("R002", &task(vec![]), &format!("import ray\n{code}\nprint(1)\n"));
    }
}

#[test]
fn r004_init_is_called() {
    caught("R004", Warning, &task(vec![]), "import ray\nprint(ray.data.range(3).count())\n");
    spared("R004", &task(vec![]), &core(""));
    spared("R004", &task(vec![]), "import ray\nif not ray.is_initialized():\n    ray.init()\nprint(1)\n");
}

#[test]
fn r005_remote_is_called_by_remote() {
    let f = "@ray.remote\ndef f(x):\n    return x\n\n";
    for code in [
        format!("{f}print(f(1))"),
        "@ray.remote(num_cpus=1)\ndef f(x):\n    return x\n\nf(2)".to_owned(),
        "def f(x):\n    return x\n\nray.get(f.remote(1))".to_owned(),
        "class A:\n    pass\n\na = A.remote()".to_owned(),
        "@ray.remote\nclass A:\n    def get(self):\n        return 1\n\nA()".to_owned(),
        "@ray.remote\nclass A:\n    def get(self):\n        return 1\n\na = A.remote()\na.get()".to_owned(),
        "def f(x):\n    return x\n\ng = ray.remote(f)\ng(1)".to_owned(),
    ] {
        caught("R005", Error, &task(vec![]), &core(&code));
    }
    for code in [
        format!("{f}print(ray.get(f.remote(1)))"),
        format!("{f}print(ray.get(f.options(num_cpus=1).remote(1)))"),
        "def f(x):\n    return x\n\ng = ray.remote(f)\ng.remote(1)\nf(1)".to_owned(),
        "def f(x):\n    return x\n\nf = ray.remote(f)\nf.remote(1)".to_owned(),
        "def f(x):\n    return x\n\ng = ray.remote(num_cpus=1)(f)\ng.remote(1)".to_owned(),
        "@ray.remote\nclass A:\n    def get(self):\n        return self.own()\n    def own(self):\n        return 1\n\na = A.remote()\nray.get(a.get.remote())".to_owned(),
        "class B:\n    def remote(self):\n        return 1\n\nB().remote()\nB.remote(1)".to_owned(),
    ] {
        spared("R005", &task(vec![]), &core(&code));
    }
}

#[test]
fn r006_results_are_gathered_at_once() {
    let f = "@ray.remote\ndef f(x):\n    return x\n\n";
    for code in ["a = [ray.get(f.remote(x)) for x in range(3)]", "for x in range(3):\n    print(ray.get(f.remote(x)))"]
    {
        caught("R006", Warning, &task(vec![]), &core(&format!("{f}{code}")));
    }
    for code in [
        "a = ray.get([f.remote(x) for x in range(3)])",
        "a = 0\nfor x in range(3):\n    a = ray.get(f.remote(a))",
        "a = [f.remote(x) for x in range(3)]\nfor r in a:\n    print(ray.get(r))",
        "print(ray.get(f.remote(1)))",
    ] {
        spared("R006", &task(vec![]), &core(&format!("{f}{code}")));
    }
}

#[test]
fn r013_tasks_change_no_globals() {
    for body in ["    global count\n    count += x", "    results.append(x)", "    cache[x] = 1"] {
        let code =
            format!("count = 0\nresults = []\ncache = {{}}\n\n@ray.remote\ndef f(x):\n{body}\n\nray.get(f.remote(1))");
        caught("R013", Error, &task(vec![]), &core(&code));
    }
    for code in [
        "results = []\n\n@ray.remote\ndef f(x):\n    results = []\n    results.append(x)\n    return results\n\nresults.extend(ray.get(f.remote(1)))",
        "names = [\"a\"]\n\n@ray.remote\ndef f(x):\n    return names[x]\n\nray.get(f.remote(0))",
        "@ray.remote\ndef f(rows):\n    rows.append(1)\n    return rows\n\nray.get(f.remote([]))",
        "@ray.remote\nclass A:\n    def __init__(self):\n        self.rows = []\n    def add(self, x):\n        self.rows.append(x)\n\nray.get(A.remote().add.remote(1))",
    ] {
        spared("R013", &task(vec![]), &core(code));
    }
}

#[test]
fn r015_tasks_start_no_processes() {
    caught("R015", Error, &task(vec![]), &core("from multiprocessing import Pool\nPool(2)"));
    caught("R015", Error, &task(vec![]), &core("import concurrent.futures\nconcurrent.futures.ProcessPoolExecutor()"));
    caught("R015", Error, &task(vec![]), &core("import os\nos.fork()"));
    spared("R015", &task(vec![]), &core("from ray.util import ActorPool\nActorPool([])"));
}

#[test]
fn c006_data_is_made_up_where_the_source_is_not_read() {
    let made = "data = ray.data.from_items([{\"region\": \"north\", \"amount\": 1.5}])\n";
    caught("C006", Error, &csv(), &format!("{HEAD}{made}{WRITE}"));
    let frame = "import pandas as pd\ndata = ray.data.from_pandas(pd.DataFrame({\"region\": [\"north\"]}))\n";
    caught("C006", Error, &csv(), &format!("{HEAD}{frame}{WRITE}"));
    spared(
        "C006",
        &csv(),
        &format!("{HEAD}{READ}extra = ray.data.from_items([{{\"region\": \"x\"}}])\nprint(extra)\n{WRITE}"),
    );
}

#[test]
fn r018_and_r024_hold_the_program_to_its_sources() {
    clean(&csv(), &format!("{HEAD}{READ}{WRITE}"));
    let other = format!("{HEAD}data = ray.data.read_csv(\"s3://data/other.csv\")\n{WRITE}");
    caught("R018", Error, &csv(), &other);
    caught("R024", Error, &csv(), &other);
    for read in [
        "import pandas as pd\nx = pd.read_parquet(\"s3://data/other.parquet\")",
        "import pyarrow.parquet as pq\nx = pq.read_table(\"/etc/hosts\")",
        "BUCKET = \"elsewhere\"\nx = ray.data.read_json(f\"s3://{BUCKET}/x.json\")",
        "x = ray.data.read_parquet([\"s3://data/sales.csv\", \"s3://data/more\"])",
        "x = ray.data.read_sql(\"select 1\", lambda: None)",
        "x = open(\"/data/file\")",
        "@ray.remote\ndef load(path):\n    import pandas as pd\n    return pd.read_csv(path)\nx = load.remote(\"s3://other/x.csv\")",
    ] {
        caught("R024", Error, &csv(), &format!("{HEAD}{READ}{read}\nprint(x)\n{WRITE}"));
    }
    let unknown = format!("{HEAD}{READ}import sys\nx = ray.data.read_csv(sys.argv[1])\nprint(x)\n{WRITE}");
    caught("R024", Note, &csv(), &unknown);
    let two = task(vec![objects("s3://data/sales.csv"), objects("s3://data/more/")]);
    caught("R018", Warning, &two, &format!("{HEAD}{READ}{WRITE}"));
    let read = "PREFIX = \"s3a://data/more\"\nmore = ray.data.read_csv([f\"{PREFIX}/{n}.csv\" for n in range(3)])\nprint(more)\n";
    spared("R018", &two, &format!("{HEAD}{READ}{read}{WRITE}"));
}

#[test]
fn tables_are_read_by_their_location() {
    let orders = task(vec![table(RelationKind::Table, Some("s3://lake/orders"), Some("parquet"))]);
    assert_eq!(readable(&orders), Ok(()));
    for path in ["s3://lake/orders", "s3://lake/orders/", "s3://lake/orders/year=2024/"] {
        clean(&orders, &format!("{HEAD}data = ray.data.read_parquet(\"{path}\")\n{WRITE}"));
    }
    caught("R024", Error, &orders, &format!("{HEAD}data = ray.data.read_parquet(\"s3://lake/others/\")\n{WRITE}"));
    let relation = Source::Relation(RelationSource {
        connection: "c".to_owned(),
        jdbc_url: "jdbc:x".to_owned(),
        name: "public.orders".to_owned(),
        credential: "s".to_owned(),
        columns: vec![],
    });
    for source in [
        table(RelationKind::View, Some("s3://lake/orders"), Some("parquet")),
        table(RelationKind::Table, None, Some("parquet")),
        table(RelationKind::Table, Some("s3://lake/orders"), Some("orc")),
        table(RelationKind::Table, Some("file:///etc"), Some("csv")),
        relation,
    ] {
        assert!(readable(&task(vec![source])).is_err());
    }
}

#[test]
fn r019_and_r025_hold_the_program_to_its_output() {
    caught("R019", Error, &csv(), &format!("{HEAD}{READ}data.count()\n"));
    spared("R019", &csv(), &format!("{HEAD}{READ}print(data.count())\n"));
    spared("R019", &csv(), &format!("{HEAD}{READ}data.show(5)\n"));
    for write in [
        "data.write_parquet(\"s3://elsewhere/x\")",
        "data.write_csv(\"/tmp/x\")",
        "data.write_parquet(output.rstrip(\"/\") + \"/../x\")",
        "import pyarrow.parquet as pq\npq.write_table(data, \"s3://data/x.parquet\")",
        "data.to_pandas().to_csv(\"out.csv\")",
        "data.write_sql(\"insert into x values (?)\", lambda: None)",
        "import pyarrow.fs as fs\nfs.LocalFileSystem().open_output_stream(\"/tmp/x\")",
    ] {
        caught("R025", Error, &csv(), &format!("{HEAD}{READ}{write}\n"));
    }
    for write in [
        "data.write_parquet(output.rstrip(\"/\") + \"/result\")",
        "data.write_json(os.path.join(output, \"x\"))",
        "import pyarrow.parquet as pq\npq.write_table(data, f\"{output}x.parquet\")",
        "import pyarrow.parquet as pq\npq.write_to_dataset(data, root_path=output)",
        "data.to_pandas(limit=5).to_csv(output + \"x.csv\", index=False)",
    ] {
        spared("R025", &csv(), &format!("{HEAD}{READ}{write}\n"));
    }
    let declared = Task { output: Some("s3://mine/out".to_owned()), ..csv() };
    spared("R025", &declared, &format!("{HEAD}{READ}data.write_parquet(\"s3://mine/out/x\")\n"));
}

#[test]
fn r020_and_r022_no_spark_and_no_services() {
    let spark = core("from pyspark.sql import SparkSession\nSparkSession.builder.getOrCreate()");
    caught("R020", Error, &task(vec![]), &spark);
    for code in [
        "from ray import serve\nserve.run(None)",
        "import ray.serve\nray.serve.start()",
        "ray.init(include_dashboard=True)",
        "ray.init(dashboard_host=\"0.0.0.0\")",
        "from ray.job_submission import JobSubmissionClient\nJobSubmissionClient(\"x\")",
    ] {
        caught("R022", Error, &task(vec![]), &core(code));
    }
    spared("R022", &task(vec![]), &core("observe = ray.cluster_resources()\nprint(observe)"));
}

#[test]
fn ways_out_are_closed() {
    for (rule, code) in [
        ("X109", "ray.init(runtime_env={\"pip\": [\"requests\"]})"),
        ("X109", "ENV = {\"working_dir\": \"s3://x/y.zip\"}\n@ray.remote(runtime_env=ENV)\ndef f():\n    return 1"),
        ("X106", "import numpy as np\nnp.load(\"s3://data/x.npy\", allow_pickle=True)"),
        ("X106", "from ray import cloudpickle\ncloudpickle.loads(b\"\")"),
        ("X107", "from ray._private import worker\nprint(worker)"),
        ("X107", "print(ray._private.worker)"),
        ("X110", "import numpy as np\nprint(np.ctypeslib.load_library)"),
        ("X104", "import pyarrow.fs as fs\nfs.LocalFileSystem().delete_dir(\"/work\")"),
        ("X101", "import subprocess\nsubprocess.run([\"ls\"])"),
        ("X103", "import asyncio\nasyncio.open_connection(\"x\", 1)"),
        ("C010", "import sklearn\nprint(sklearn)"),
    ] {
        caught(rule, Error, &task(vec![]), &core(code));
    }
    spared("X109", &task(vec![]), &core("ray.init(runtime_env={\"env_vars\": {\"A\": \"1\"}})"));
}

#[test]
fn hostile_text_is_answered() {
    for code in [
        "\u{0}".to_owned(),
        "import ray\n".to_owned() + &"x = ray.get(f.remote(x))\n".repeat(4000),
        "import ray\n".to_owned() + &"r = [f.remote(x) for x in range(9)]\nfor y in r:\n    ray.get(y)\n".repeat(1500),
        "import ray\n".to_owned() + &"@ray.remote\ndef f(a):\n    return ray.get(a)\n".repeat(1500),
        "import ray\n".to_owned() + &"ray.data.range(1).map(lambda row: 1 + ".repeat(100),
        "import ray\nN = 9 ** 9 ** 9 ** 9\nray.get([f.remote(x) for x in range(N, -N, 0)])\n".to_owned(),
    ] {
        assert!(!validate(&task(vec![]), &code).is_empty());
    }
}
