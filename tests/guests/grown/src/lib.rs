//! A plugin for tests that was marked and grew: it asks for the object store now.

#[path = "../../marked/src/work.rs"]
mod work;

use enginehouse_sdk::{
    Attempt, Description, Draft, Earlier, Failure, Finding, Outcome, Progress, Supervisor, Task, host::objects,
};

/// The plugin.
pub struct Grown;

impl Supervisor for Grown {
    fn describe() -> Description {
        work::description("0.2.0")
    }

    fn generate(task: &Task, _: &[Earlier]) -> Result<Draft, Failure> {
        Ok(work::draft(task))
    }

    fn validate(_: &Task, code: &str) -> Vec<Finding> {
        work::findings(code)
    }

    fn submit(_: &Task, code: &str, attempt: &Attempt) -> Result<String, Failure> {
        objects::write(&format!("{}code", attempt.scratch), code.as_bytes()).map_err(Failure::Host)?;
        Ok(work::ticket(code))
    }

    fn poll(_: &Attempt, ticket: &str) -> Result<Progress, Failure> {
        Ok(work::progress(ticket))
    }

    fn fetch(_: &Attempt, ticket: &str) -> Result<Outcome, Failure> {
        Ok(work::outcome(ticket))
    }
}

enginehouse_sdk::register!(Grown);
