//! The export: what each call of the contract does for Ray.

use enginehouse_sdk::{
    Attempt, Choice, Description, Draft, Earlier, Failure, Finding, Health, LogChunk, Outcome, Platform, Progress,
    Supervisor, Task, host,
    program::{self, LocalEngine},
    results::Layout,
};

use crate::{failure::classify, plan, platforms::cluster, rules, value, write::WRITER};

/// How Ray leaves its results.
pub(crate) const LAYOUT: Layout = Layout { csv_escape: None, success_for: None };

const ENGINE: LocalEngine = LocalEngine { name: "ray", layout: LAYOUT, classify };

/// What the host tells `status`: the target of the platform `cluster`.
const CLUSTER: &str = "places.cluster";

/// Ray on this machine, one program and its one-node cluster in one sandbox; and as jobs of a cluster.
#[derive(Debug)]
pub struct Ray;

impl Supervisor for Ray {
    fn describe() -> Description {
        let platform = |name: &str, summary: &str| Platform { name: name.to_owned(), summary: summary.to_owned() };
        Description {
            framework: "ray".to_owned(),
            title: "Ray".to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            platforms: vec![
                platform(
                    "local",
                    "Ray with a cluster of one node on the host's own machine, in a sandbox without network",
                ),
                platform("cluster", "a job of a Ray cluster, behind a server of tools"),
            ],
            rules: rules::rules(),
            options: Vec::new(),
            settings: Vec::new(),
        }
    }

    fn plan(task: &Task) -> Result<Choice, Failure> {
        rules::readable(task)?;
        plan::plan(task)
    }

    fn generate(task: &Task, earlier: &[Earlier]) -> Result<Draft, Failure> {
        rules::readable(task)?;
        WRITER.generate(task, earlier)
    }

    fn validate(task: &Task, code: &str) -> Vec<Finding> {
        rules::validate(task, code)
    }

    fn submit(_: &Task, code: &str, attempt: &Attempt) -> Result<String, Failure> {
        match attempt.place.platform.as_str() {
            "cluster" => cluster::submit(code, attempt),
            _ => ENGINE.start(String::new(), code, attempt),
        }
    }

    fn poll(attempt: &Attempt, ticket: &str) -> Result<Progress, Failure> {
        match attempt.place.platform.as_str() {
            "cluster" => cluster::poll(attempt, ticket),
            _ => program::poll(ticket),
        }
    }

    fn log(attempt: &Attempt, ticket: &str, after: u64) -> Result<LogChunk, Failure> {
        match attempt.place.platform.as_str() {
            "cluster" => cluster::log(attempt, ticket, after),
            _ => program::log(ticket, after),
        }
    }

    fn cancel(attempt: &Attempt, ticket: &str) -> Result<(), Failure> {
        match attempt.place.platform.as_str() {
            "cluster" => cluster::cancel(attempt, ticket),
            _ => program::cancel(attempt, ticket),
        }
    }

    fn fetch(attempt: &Attempt, ticket: &str) -> Result<Outcome, Failure> {
        match attempt.place.platform.as_str() {
            "cluster" => cluster::fetch(attempt, ticket),
            _ => {
                let outcome = ENGINE.fetch(attempt, ticket)?;
                let document = if outcome.failure.is_none() { value::returned(ticket)? } else { None };
                Ok(Outcome { document, ..outcome })
            }
        }
    }

    fn status() -> Result<Vec<Health>, Failure> {
        Ok(ENGINE.status().into_iter().chain(host::setting(CLUSTER).map(|server| cluster::status(&server))).collect())
    }
}
