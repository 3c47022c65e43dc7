//! The export: what each call of the contract does for Ray.

use enginehouse_sdk::{
    Attempt, Choice, Description, Draft, Earlier, Failure, Finding, Health, LogChunk, Outcome, Platform, Progress,
    Supervisor, Task, host,
    program::{self, Class, LocalEngine, Report},
    results::Layout,
};

use crate::{plan, platforms::cluster, rules, value, write::WRITER};

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

/// What a failure is: its own name says it, whatever the platform.
pub(crate) fn classify(report: &Report) -> Option<Class> {
    hint(report).map(|hint| Class { kind: None, hint: Some(hint) })
}

/// What usually mends an error of this class. What a task raised comes as `RayTaskError(<class>)`.
fn hint(report: &Report) -> Option<&'static str> {
    let kind = report.kind.as_str();
    let names = |class: &str| kind.contains(class);
    Some(match kind {
        _ if names("ModuleNotFoundError") => "use only Ray, PyArrow, pandas, NumPy and Python's own modules",
        _ if names("FileNotFoundError") => "read the given path, as it was given",
        _ if names("ArrowNotImplementedError") => "cast the columns to types that the operation takes",
        _ if names("ArrowInvalid") => "give the column the type that all its cells fit",
        _ if names("KeyError") || names("ArrowKeyError") => "use a column of the source, spelled as it is there",
        _ if names("OutOfMemoryError") || names("ObjectStoreFullError") => {
            "hold less in memory: read only the columns that are needed, and aggregate before collecting"
        }
        _ if names("WorkerCrashedError") || names("ActorDiedError") => {
            "hold less in memory in each task, and do not end the process"
        }
        _ if names("GetTimeoutError") => "wait longer in `ray.get`, or do less in one task",
        _ if names("NameError") => "import or define the name before it is used",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_task_raised_gets_a_hint() {
        let report = |kind: &str| Report { kind: kind.into(), ..Report::default() };
        assert!(hint(&report("RayTaskError(KeyError)")).is_some_and(|hint| hint.contains("column")));
        assert_eq!(hint(&report("ZeroDivisionError")), None);
    }
}
