//! A plugin for tests. Its prompt is two numbers: the vCPU hours that its work is expected to use, and those that it is billed
//! for; `?` stands for one that is not known. What it runs is its caller's code.

use enginehouse_sdk::{
    Attempt, Choice, Description, Draft, Earlier, Failure, Finding, Health, LogChunk, Outcome, Phase, Platform,
    Progress, Supervisor, Task, Usage,
    host::processes::{self, Output, Program, State},
};

/// The plugin.
pub struct Metered;

/// One of the two numbers of a text.
fn usage(text: &str, number: usize) -> Option<Usage> {
    let vcpu_hours = text.split_whitespace().nth(number)?.parse().ok();
    vcpu_hours.map(|hours| Usage { seconds: None, vcpu_hours: Some(hours), memory_gb_hours: None })
}

/// A ticket is the token and what is billed.
fn token(ticket: &str) -> &str {
    ticket.split_whitespace().next().unwrap_or_default()
}

impl Supervisor for Metered {
    fn describe() -> Description {
        Description {
            framework: "spark".into(),
            title: "Metered".into(),
            version: "0.1.0".into(),
            platforms: vec![Platform { name: "local".into(), summary: "what the test has".into() }],
            rules: Vec::new(),
            options: Vec::new(),
            settings: Vec::new(),
        }
    }

    fn plan(task: &Task) -> Result<Choice, Failure> {
        let (platform, reason) = ("local".into(), "the only one".into());
        Ok(Choice { platform, reason, estimate: usage(&task.prompt, 0) })
    }

    fn generate(_: &Task, _: &[Earlier]) -> Result<Draft, Failure> {
        Err(Failure::Unsupported("send code".into()))
    }

    fn validate(_: &Task, _: &str) -> Vec<Finding> {
        Vec::new()
    }

    fn submit(task: &Task, code: &str, attempt: &Attempt) -> Result<String, Failure> {
        let program = Program {
            token: attempt.token.clone(),
            engine: "spark".into(),
            prelude: String::new(),
            code: code.to_owned(),
            timeout_seconds: attempt.timeout_seconds,
        };
        processes::start(&program).map_err(Failure::Host)?;
        Ok(format!("{} {}", attempt.token, task.prompt))
    }

    fn poll(_: &Attempt, ticket: &str) -> Result<Progress, Failure> {
        let phase = match processes::check(token(ticket)).map_err(Failure::Host)? {
            State::Queued => Phase::Queued,
            State::Running => Phase::Running,
            State::Exited(0) => Phase::Succeeded,
            _ => Phase::Failed,
        };
        Ok(Progress { phase, detail: None, poll_after_ms: 100 })
    }

    fn log(_: &Attempt, ticket: &str, after: u64) -> Result<LogChunk, Failure> {
        processes::log(token(ticket), Output::Stdout, after).map_err(Failure::Host)
    }

    fn cancel(_: &Attempt, ticket: &str) -> Result<(), Failure> {
        processes::cancel(token(ticket)).map_err(Failure::Host)
    }

    fn fetch(_: &Attempt, ticket: &str) -> Result<Outcome, Failure> {
        Ok(Outcome { tables: Vec::new(), document: None, failure: None, figures: Vec::new(), usage: usage(ticket, 2) })
    }

    fn status() -> Result<Vec<Health>, Failure> {
        Ok(Vec::new())
    }
}

#[cfg(target_family = "wasm")]
enginehouse_sdk::register!(Metered);
