//! The job's environment, and what no node has.

use super::on_a_cluster;
use enginehouse_corpus::{
    Mutant, Mutation,
    mutations::{at_end, error},
};

/// Arguments of `ray.init` that the job has set already.
const INIT: &[(&str, &str)] = &[
    ("another output", "runtime_env={\"env_vars\": {\"OUTPUT_PATH\": \"s3://corpus/out\"}}"),
    ("a working folder", "runtime_env={\"working_dir\": \"s3://corpus/x.zip\"}"),
];

/// What asks for more than there is, and the text in it that is at fault.
const ASKED: &[(&str, &str, &str)] = &[
    (
        "a graphics card",
        "@ray.remote(num_gpus=1)\ndef corpus_task():\n    return 41\n\n\nray.get(corpus_task.remote())",
        "num_gpus=1",
    ),
    (
        "thousands of cores",
        "@ray.remote(num_cpus=4096)\ndef corpus_task():\n    return 41\n\n\nray.get(corpus_task.remote())",
        "num_cpus=4096",
    ),
    (
        "graphics cards for a call",
        "@ray.remote\ndef corpus_task():\n    return 41\n\n\nray.get(corpus_task.options(num_gpus=8).remote())",
        "num_gpus=8",
    ),
    (
        "thousands of cores for an actor",
        "@ray.remote(num_cpus=4096)\nclass CorpusActor:\n    def get(self):\n        return 41\n\n\nray.get(CorpusActor.remote().get.remote())",
        "num_cpus=4096",
    ),
];

pub(super) fn all() -> Vec<Mutation> {
    let init = INIT.iter().map(|&(name, argument)| {
        error("R003", name, &["X109"], move |valid| {
            let code = valid.replace("ray.init(", &format!("ray.init({argument}, "))?;
            Mutant::at(code, argument)
        })
    });
    let asked = ASKED.iter().map(|&(name, statements, wrong)| {
        error("R023", name, &[], move |valid| {
            // A cluster may have what this machine has not.
            let there = on_a_cluster(valid) && wrong.starts_with("num_gpus");
            if there { None } else { at_end(valid, statements, wrong) }
        })
    });
    init.chain(asked).collect()
}
