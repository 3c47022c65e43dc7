//! A plugin for tests of the conformance kit. It runs its caller's code as one program and finds fault with the word `bad`.
//! The operator's setting `fault` names what it does wrong; without it, it does nothing wrong.
#![allow(clippy::panic, clippy::unwrap_used, reason = "some of its faults are panics")]

mod clock;
mod fault;
mod reading;
mod work;

use std::time::Duration;

use enginehouse_sdk::{
    Attempt, Choice, Description, Draft, Earlier, Failure, Finding, Health, LogChunk, Outcome, Platform, Progress,
    Rule, Setting, Severity, Supervisor, Task, agent, host::settings,
};

use fault::Fault;

/// The plugin.
pub struct Faulty;

/// Whether it does this wrong.
fn has(fault: Fault) -> bool {
    settings::get("fault").is_some_and(|name| name == fault.name())
}

impl Supervisor for Faulty {
    fn describe() -> Description {
        let title = if has(Fault::DescribeChanges) { format!("Faulty {}", clock::nanos()) } else { "Faulty".into() };
        let platforms = if has(Fault::NoPlatform) { vec![] } else { vec!["local", "cluster"] };
        let platform = |name: &str| Platform { name: name.into(), summary: "made up".into() };
        let rule =
            Rule { id: "F001".into(), severity: Severity::Error, summary: "nothing bad".into(), page: String::new() };
        let setting = |name: &str, summary: &str| Setting { name: name.into(), summary: summary.into(), default: None };
        Description {
            framework: "faulty".into(),
            title,
            version: "0.1.0".into(),
            platforms: platforms.into_iter().map(platform).collect(),
            rules: vec![rule],
            options: Vec::new(),
            settings: vec![
                setting("fault", "what it does wrong"),
                setting("manifest", "whether `fetch` reads a file that its programs write"),
            ],
        }
    }

    fn plan(task: &Task) -> Result<Choice, Failure> {
        assert!(!(has(Fault::ManySources) && task.sources.len() > 10), "too many sources");
        if has(Fault::Slow) {
            clock::burn(Duration::from_millis(1_300));
        }
        let choice = |platform: &str, reason: String| Ok(Choice { platform: platform.into(), reason, estimate: None });
        let first = task.places.first().ok_or_else(|| Failure::Unsupported("set up a platform".into()));
        if has(Fault::PlanElsewhere) {
            return choice("moon", "it is quiet there".into());
        }
        if has(Fault::PlanNowhere) && task.places.is_empty() {
            return choice("local", "always".into());
        }
        if has(Fault::PlanByClock) {
            return choice(&first?.platform, clock::nanos().to_string());
        }
        let asked = task.platform.as_deref().filter(|_| !has(Fault::PlanDeaf));
        let place = match asked {
            Some(asked) => task.places.iter().find(|place| place.platform == asked),
            None => task.places.first(),
        };
        match place {
            Some(place) => choice(&place.platform, "the first that fits".into()),
            None => Err(Failure::Unsupported("set up a platform".into())),
        }
    }

    fn generate(task: &Task, earlier: &[Earlier]) -> Result<Draft, Failure> {
        assert!(!(has(Fault::LongPrompt) && task.prompt.len() > 60_000), "too long a prompt");
        if has(Fault::GenerateLost) {
            return Err(Failure::Lost("where is it?".into()));
        }
        let drafted = agent::write("Write a program.", task, earlier)?;
        if has(Fault::NeedsModel) {
            return Ok(drafted.unwrap());
        }
        drafted.ok_or_else(|| Failure::Unsupported("set up a model, or send code".into()))
    }

    fn validate(_: &Task, code: &str) -> Vec<Finding> {
        reading::validate(code)
    }

    fn submit(_: &Task, code: &str, attempt: &Attempt) -> Result<String, Failure> {
        work::submit(code, attempt)
    }

    fn poll(_: &Attempt, ticket: &str) -> Result<Progress, Failure> {
        work::poll(ticket)
    }

    fn log(_: &Attempt, ticket: &str, after: u64) -> Result<LogChunk, Failure> {
        work::log(ticket, after)
    }

    fn cancel(attempt: &Attempt, ticket: &str) -> Result<(), Failure> {
        work::cancel(attempt, ticket)
    }

    fn fetch(attempt: &Attempt, ticket: &str) -> Result<Outcome, Failure> {
        work::fetch(attempt, ticket)
    }

    fn status() -> Result<Vec<Health>, Failure> {
        let platform = if has(Fault::UnknownStatus) { "moon" } else { "local" };
        Ok(vec![Health { platform: platform.into(), ready: true, detail: "as always".into() }])
    }
}

#[cfg(target_family = "wasm")]
enginehouse_sdk::register!(Faulty);
