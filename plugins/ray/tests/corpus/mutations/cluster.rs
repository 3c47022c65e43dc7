//! How the program comes to its cluster, and what it must not start there.

use enginehouse_corpus::{
    Mutant, Mutation, Valid,
    mutations::{at_end, error, in_function, warning},
};

/// Arguments of `ray.init`, and the rule against them.
const INIT: &[(&str, &str, &str)] = &[
    ("R002", "a client's address", "address=\"ray://10.0.0.9:10001\""),
    ("R002", "a head's address", "address=\"192.168.0.41:6379\""),
    ("R002", "an address in pieces", "address=\"ray://\" + \"corpus\" + \":10001\""),
    ("R002", "all in one process", "local_mode=True"),
    ("R022", "a dashboard", "include_dashboard=True"),
    ("R022", "a dashboard's host", "dashboard_host=\"127.0.0.41\""),
    ("X109", "packages for all", "runtime_env={\"pip\": [\"corpus\"]}"),
    ("X109", "a folder for all", "runtime_env={\"working_dir\": \"s3://corpus/x.zip\"}"),
    ("X109", "modules for all", "runtime_env=dict(py_modules=[\"s3://corpus/x.zip\"])"),
];

/// Statements that some rule forbids, and the text in them that is at fault.
const STATEMENTS: &[(&str, &str, &str, &str)] = &[
    ("R002", "another cluster", "ray.client(\"corpus:10001\").connect()", "ray.client(\"corpus:10001\")"),
    ("R002", "another cluster by its tool", "ray.util.connect(\"corpus:10001\")", "ray.util.connect"),
    (
        "R020",
        "Spark",
        "from pyspark.sql import SparkSession\nSparkSession.builder.getOrCreate()",
        "import SparkSession",
    ),
    ("R020", "Spark on Ray", "import raydp\nraydp.init_spark(\"corpus\", 1, 1, \"1g\")", "import raydp"),
    (
        "R020",
        "Spark's clusters",
        "from ray.util.spark import setup_ray_cluster\nsetup_ray_cluster()",
        "import setup_ray",
    ),
    ("R022", "Serve", "from ray import serve\nserve.run(None)", "serve.run"),
    ("R022", "Serve by its path", "import ray.serve\nray.serve.start()", "ray.serve.start"),
    (
        "R022",
        "jobs",
        "from ray.job_submission import JobSubmissionClient\nJobSubmissionClient(\"http://corpus\")",
        "import JobSubmissionClient",
    ),
    (
        "R022",
        "the autoscaler",
        "from ray.autoscaler.sdk import request_resources\nrequest_resources()",
        "import request_resources",
    ),
];

pub(super) fn all() -> Vec<Mutation> {
    let init = INIT.iter().map(|&(rule, name, argument)| {
        error(rule, name, &["R003"], move |valid| {
            let code = valid.replace("ray.init(", &format!("ray.init({argument}, "))?;
            let twice = argument.split_once('=').is_some_and(|(name, _)| valid.code.contains(&format!("{name}=")));
            Mutant::at(code, argument).filter(|_| !twice)
        })
    });
    let plain = STATEMENTS.iter().flat_map(|&(rule, name, statements, wrong)| {
        [
            error(rule, name, &["C010"], move |valid| at_end(valid, statements, wrong)),
            error(rule, &format!("{name}, in a function"), &["C010"], move |valid| {
                in_function(valid, statements, wrong)
            }),
        ]
    });
    init.chain(plain).chain(start()).collect()
}

fn start() -> Vec<Mutation> {
    // What is not known as Ray's neither reads nor writes.
    const LOST: &[&str] = &["C003", "R001", "R018", "R019"];
    vec![
        error("R001", "Ray is not imported", LOST, |valid| Mutant::anywhere(without_ray(valid)?)),
        error("C003", "Ray is not imported", LOST, |valid| Mutant::at_any(without_ray(valid)?, "ray.")),
        warning("R004", "there is no `ray.init`", |valid| {
            Mutant::anywhere(valid.without(|line| line == "ray.init()")?)
                .filter(|_| valid.code.matches("ray.init").count() == 1)
        }),
    ]
}

/// Without its only import of Ray.
fn without_ray(valid: &Valid) -> Option<String> {
    let others = valid.code.lines().any(|line| line.starts_with("from ray") || line.starts_with("import ray."));
    valid.without(|line| line == "import ray").filter(|_| !others)
}
