//! The export: what each call of the contract does for Spark.

use enginehouse_sdk::{
    Attempt, Choice, Description, Draft, Earlier, Failure, Finding, Health, LogChunk, Outcome, Platform, Progress,
    Supervisor, Task,
    program::{self, LocalEngine, Report},
    results::Layout,
};

use crate::{prelude, rules, write::WRITER};

const ENGINE: LocalEngine = LocalEngine {
    name: "spark",
    title: "Spark",
    planned: &[("lambda", "functions.spark"), ("emr", "batches.spark")],
    layout: Layout { csv_escape: Some('\\'), success_for: Some("part-") },
    hint,
};

/// Spark on the platform `local`: one program, one sandbox.
#[derive(Debug)]
pub struct Spark;

impl Supervisor for Spark {
    fn describe() -> Description {
        let platform = |name: &str, summary: &str| Platform { name: name.to_owned(), summary: summary.to_owned() };
        Description {
            framework: "spark".to_owned(),
            title: "Apache Spark".to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            platforms: vec![platform("local", "PySpark on the host's own machine, in a sandbox without network")],
            rules: rules::rules(),
            options: Vec::new(),
            settings: Vec::new(),
        }
    }

    fn plan(task: &Task) -> Result<Choice, Failure> {
        ENGINE.plan(task)
    }

    fn generate(task: &Task, earlier: &[Earlier]) -> Result<Draft, Failure> {
        WRITER.generate(task, earlier)
    }

    fn validate(task: &Task, code: &str) -> Vec<Finding> {
        rules::validate(task, code)
    }

    fn submit(task: &Task, code: &str, attempt: &Attempt) -> Result<String, Failure> {
        ENGINE.start(prelude::prelude(task), code, attempt)
    }

    fn poll(_: &Attempt, ticket: &str) -> Result<Progress, Failure> {
        program::poll(ticket)
    }

    fn log(_: &Attempt, ticket: &str, after: u64) -> Result<LogChunk, Failure> {
        program::log(ticket, after)
    }

    fn cancel(attempt: &Attempt, ticket: &str) -> Result<(), Failure> {
        program::cancel(attempt, ticket)
    }

    fn fetch(attempt: &Attempt, ticket: &str) -> Result<Outcome, Failure> {
        ENGINE.fetch(attempt, ticket)
    }

    fn status() -> Result<Vec<Health>, Failure> {
        Ok(ENGINE.status())
    }
}

/// What usually mends an error of this class.
fn hint(report: &Report) -> Option<&'static str> {
    let class = report.condition.as_deref().unwrap_or_default();
    Some(match class {
        _ if class.starts_with("UNRESOLVED_COLUMN") => "use a column of the schema, spelled as it is there",
        _ if class.starts_with("TABLE_OR_VIEW_NOT_FOUND") => "use one of the selected tables",
        _ if class.starts_with("PATH_NOT_FOUND") => "read the given path, as it was given",
        _ if class.starts_with("PATH_ALREADY_EXISTS") => "write with `.mode(\"overwrite\")`",
        _ if class.starts_with("DATATYPE_MISMATCH") => "cast the column to the type that the operation takes",
        _ if class.starts_with("CAST_INVALID_INPUT") => "use `try_cast` where cells may not fit the type",
        _ if report.kind == "ModuleNotFoundError" => "use only PySpark and Python's own modules",
        _ => return None,
    })
}
