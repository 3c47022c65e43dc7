//! A plugin for tests of the runtime: it does the deed that is written into its component, and is sound besides.
#![allow(clippy::panic, reason = "some of its deeds are panics")]

mod answers;
mod calls;
mod deeds;
mod harm;

use enginehouse_sdk::{
    Attempt, Choice, Description, Draft, Earlier, Failure, Finding, Health, LogChunk, Outcome, Phase, Platform,
    Progress, Rule, Severity, Supervisor, Task,
};

use deeds::{Deed, WIDTH};

/// Tests write another into the component.
static DEED: &str = "DEED-nothing............................";
const _: () = assert!(DEED.len() == WIDTH);

fn deed() -> Deed {
    let mark = std::hint::black_box(DEED);
    let name = mark.trim_start_matches("DEED-").trim_end_matches('.');
    Deed::ALL.iter().copied().find(|deed| deed.name() == name).unwrap_or(Deed::Nothing)
}

/// What every export does first.
fn begin(export: &str) {
    let deed = deed();
    if deed.name().strip_prefix("traps-in-") == Some(export) {
        panic!("trapped on purpose");
    }
    harm::doing(deed, export);
}

/// The plugin.
pub struct Hostile;

impl Supervisor for Hostile {
    fn describe() -> Description {
        begin("describe");
        let summary = if deed() == Deed::CallsEverything { calls::kinds() } else { String::new() };
        Description {
            framework: "hostile".into(),
            title: "Hostile".into(),
            version: "0.1.0".into(),
            platforms: vec![Platform { name: "local".into(), summary: "anywhere".into() }],
            rules: vec![Rule { id: "H001".into(), severity: Severity::Note, summary, page: String::new() }],
            options: Vec::new(),
            settings: Vec::new(),
        }
    }

    fn plan(_: &Task) -> Result<Choice, Failure> {
        begin("plan");
        let reason = if deed() == Deed::CallsEverything { calls::kinds() } else { String::new() };
        Ok(Choice { platform: "local".into(), reason, estimate: None })
    }

    fn generate(_: &Task, _: &[Earlier]) -> Result<Draft, Failure> {
        begin("generate");
        let code = match deed() {
            Deed::CallsEverything => calls::everything(None).join("\n"),
            Deed::AsksTwice => [calls::model(), calls::model()].join("\n"),
            _ => String::new(),
        };
        Ok(Draft { code, author: "recipes".into(), notes: Vec::new() })
    }

    fn validate(_: &Task, code: &str) -> Vec<Finding> {
        begin("validate");
        answers::findings(deed(), code)
    }

    fn submit(_: &Task, _: &str, attempt: &Attempt) -> Result<String, Failure> {
        begin("submit");
        answers::ticket(deed(), attempt)
    }

    fn poll(_: &Attempt, _: &str) -> Result<Progress, Failure> {
        begin("poll");
        Ok(Progress { phase: Phase::Succeeded, detail: None, poll_after_ms: 0 })
    }

    fn log(attempt: &Attempt, _: &str, _: u64) -> Result<LogChunk, Failure> {
        begin("log");
        let lines = match deed() {
            Deed::CallsNarrowed => calls::everything(Some(attempt)),
            Deed::Wanders => calls::wander(attempt),
            Deed::NamesAnother => calls::with_token(&format!("r{:032x}-1", 8), attempt),
            Deed::LongToken => calls::with_token(&attempt.token.repeat(300), attempt),
            Deed::HandsOverMuch => vec![calls::write_much(attempt)],
            _ => Vec::new(),
        };
        Ok(LogChunk { text: lines.join("\n"), next: 0, end: true, dropped: 0 })
    }

    fn cancel(_: &Attempt, _: &str) -> Result<(), Failure> {
        begin("cancel");
        Ok(())
    }

    fn fetch(attempt: &Attempt, _: &str) -> Result<Outcome, Failure> {
        begin("fetch");
        Ok(answers::outcome(deed(), attempt))
    }

    fn status() -> Result<Vec<Health>, Failure> {
        begin("status");
        let lines = if deed() == Deed::CallsEverything { calls::everything(None) } else { Vec::new() };
        let health = |detail| Health { platform: "local".into(), ready: true, detail };
        Ok(lines.into_iter().map(health).collect())
    }
}

#[cfg(target_family = "wasm")]
enginehouse_sdk::register!(Hostile);
