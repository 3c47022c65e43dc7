//! The export: what each call of the contract does for Spark.

use enginehouse_sdk::{
    Attempt, Choice, Description, Draft, Earlier, Failure, Finding, Health, LogChunk, Outcome, Platform, Progress,
    Setting, Supervisor, Task,
    program::{self, LocalEngine},
    results::Layout,
};

use crate::{
    failure::classify,
    plan,
    platforms::{emr, lambda},
    prelude, rules,
    write::WRITER,
};

/// How Spark leaves its results.
pub(crate) const LAYOUT: Layout = Layout { csv_escape: Some('\\'), success_for: Some("part-") };

const ENGINE: LocalEngine = LocalEngine { name: "spark", layout: LAYOUT, classify };

/// Spark on this machine, one program in one sandbox; on Lambda; and on EMR Serverless.
#[derive(Debug)]
pub struct Spark;

impl Supervisor for Spark {
    fn describe() -> Description {
        let platform = |name: &str, summary: &str| Platform { name: name.to_owned(), summary: summary.to_owned() };
        Description {
            framework: "spark".to_owned(),
            title: "Apache Spark".to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            platforms: vec![
                platform("local", "PySpark on the host's own machine, in a sandbox without network"),
                platform("lambda", "PySpark in a function, for sources of up to some hundred MB"),
                platform("emr", "PySpark batches on EMR Serverless, for large sources and the tables of the catalog"),
            ],
            rules: rules::rules(),
            options: Vec::new(),
            settings: vec![Setting {
                name: plan::SETTING.to_owned(),
                summary: "sources of together more than so many MB go to `emr` and not to `lambda`".to_owned(),
                default: Some("500".to_owned()),
            }],
        }
    }

    fn plan(task: &Task) -> Result<Choice, Failure> {
        plan::plan(task)
    }

    fn generate(task: &Task, earlier: &[Earlier]) -> Result<Draft, Failure> {
        WRITER.generate(task, earlier)
    }

    fn validate(task: &Task, code: &str) -> Vec<Finding> {
        rules::validate(task, code)
    }

    fn submit(task: &Task, code: &str, attempt: &Attempt) -> Result<String, Failure> {
        match attempt.place.platform.as_str() {
            "lambda" => lambda::submit(task, code, attempt),
            "emr" => emr::submit(task, code, attempt),
            _ => ENGINE.start(prelude::prelude(task), code, attempt),
        }
    }

    fn poll(attempt: &Attempt, ticket: &str) -> Result<Progress, Failure> {
        match attempt.place.platform.as_str() {
            "lambda" => lambda::poll(ticket),
            "emr" => emr::poll(attempt, ticket),
            _ => program::poll(ticket),
        }
    }

    fn log(attempt: &Attempt, ticket: &str, after: u64) -> Result<LogChunk, Failure> {
        match attempt.place.platform.as_str() {
            "lambda" => lambda::log(ticket, after),
            "emr" => emr::log(attempt, ticket, after),
            _ => program::log(ticket, after),
        }
    }

    fn cancel(attempt: &Attempt, ticket: &str) -> Result<(), Failure> {
        match attempt.place.platform.as_str() {
            // No call ends a function; it ends by its own limit, and what it answers is not asked for any more.
            "lambda" => Ok(()),
            "emr" => emr::cancel(attempt, ticket),
            _ => program::cancel(attempt, ticket),
        }
    }

    fn fetch(attempt: &Attempt, ticket: &str) -> Result<Outcome, Failure> {
        match attempt.place.platform.as_str() {
            "lambda" => lambda::fetch(attempt, ticket),
            "emr" => emr::fetch(attempt, ticket),
            _ => ENGINE.fetch(attempt, ticket),
        }
    }

    fn status() -> Result<Vec<Health>, Failure> {
        Ok(ENGINE.status())
    }
}
