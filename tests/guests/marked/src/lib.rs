//! A plugin for tests that needs nothing of the host and shows its mark in all that it answers.

mod work;

use enginehouse_sdk::{Attempt, Description, Draft, Earlier, Failure, Finding, Outcome, Progress, Supervisor, Task};

/// The plugin.
pub struct Marked;

impl Supervisor for Marked {
    fn describe() -> Description {
        work::description("0.1.0")
    }

    fn generate(task: &Task, _: &[Earlier]) -> Result<Draft, Failure> {
        Ok(work::draft(task))
    }

    fn validate(_: &Task, code: &str) -> Vec<Finding> {
        work::findings(code)
    }

    fn submit(_: &Task, code: &str, _: &Attempt) -> Result<String, Failure> {
        Ok(work::ticket(code))
    }

    fn poll(_: &Attempt, ticket: &str) -> Result<Progress, Failure> {
        Ok(work::progress(ticket))
    }

    fn fetch(_: &Attempt, ticket: &str) -> Result<Outcome, Failure> {
        Ok(work::outcome(ticket))
    }
}

enginehouse_sdk::register!(Marked);
