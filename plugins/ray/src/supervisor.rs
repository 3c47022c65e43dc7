//! The export: what each call of the contract does for Ray.

use enginehouse_sdk::{
    Attempt, Choice, Description, Draft, Earlier, Failure, Finding, Health, LogChunk, Outcome, Platform, Progress,
    Supervisor, Task,
    program::{self, Class, LocalEngine, Report},
    results::Layout,
};

use crate::{rules, write::WRITER};

const ENGINE: LocalEngine = LocalEngine {
    name: "ray",
    title: "Ray",
    planned: &[("cluster", "tools.ray")],
    layout: Layout { csv_escape: None, success_for: None },
    classify: |report| hint(report).map(|hint| Class { kind: None, hint: Some(hint) }),
};

/// Ray on the platform `local`: one program and its one-node cluster, one sandbox.
#[derive(Debug)]
pub struct Ray;

impl Supervisor for Ray {
    fn describe() -> Description {
        let summary = "Ray with a cluster of one node on the host's own machine, in a sandbox without network";
        Description {
            framework: "ray".to_owned(),
            title: "Ray".to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            platforms: vec![Platform { name: "local".to_owned(), summary: summary.to_owned() }],
            rules: rules::rules(),
            options: Vec::new(),
            settings: Vec::new(),
        }
    }

    fn plan(task: &Task) -> Result<Choice, Failure> {
        rules::readable(task)?;
        ENGINE.plan(task)
    }

    fn generate(task: &Task, earlier: &[Earlier]) -> Result<Draft, Failure> {
        rules::readable(task)?;
        WRITER.generate(task, earlier)
    }

    fn validate(task: &Task, code: &str) -> Vec<Finding> {
        rules::validate(task, code)
    }

    fn submit(_: &Task, code: &str, attempt: &Attempt) -> Result<String, Failure> {
        ENGINE.start(String::new(), code, attempt)
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
        _ if names("GetTimeoutError") => "wait longer in `ray.get`, or do less in one task",
        _ if names("NameError") => "import or define the name before it is used",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use enginehouse_sdk::{Place, testing};

    use super::*;

    #[test]
    fn the_cluster_comes_later_and_says_so() {
        let task = Task {
            platform: Some("cluster".into()),
            places: vec![Place { platform: "local".into(), target: "ray".into() }],
            ..testing::task("count rows", Vec::new())
        };
        assert!(matches!(Ray::plan(&task), Err(Failure::Unsupported(text)) if text.contains("tools.ray")));
        assert_eq!(Ray::plan(&Task { platform: None, ..task }).unwrap().platform, "local");
    }

    #[test]
    fn what_a_task_raised_gets_a_hint() {
        let report = |kind: &str| Report { kind: kind.into(), ..Report::default() };
        assert!(hint(&report("RayTaskError(KeyError)")).is_some_and(|hint| hint.contains("column")));
        assert_eq!(hint(&report("ZeroDivisionError")), None);
    }
}
