//! What the plugins with a mark do. Their code is `until <milliseconds since the Unix epoch>`, which is when it ends; other code
//! ends at once.

use std::time::{SystemTime, UNIX_EPOCH};

use enginehouse_sdk::{Description, Draft, Finding, Outcome, Phase, Platform, Progress, Rule, Severity, Task};

/// Tests write another into the component.
static MARK: &str = "MARK-00000000000";

/// The word that is an error; tests write another into the component.
static BAD: &str = "BAD-WORD-bad";

fn bad() -> &'static str {
    std::hint::black_box(BAD).trim_start_matches("BAD-WORD-")
}

fn mark() -> String {
    std::hint::black_box(MARK).to_owned()
}

pub(crate) fn description(version: &str) -> Description {
    Description {
        framework: "marked".into(),
        title: "Marked".into(),
        version: version.into(),
        platforms: vec![Platform { name: "here".into(), summary: "within the plugin".into() }],
        rules: vec![
            Rule {
                id: "M001".into(),
                severity: Severity::Note,
                summary: "every code has one: the mark".into(),
                page: String::new(),
            },
            Rule {
                id: "M002".into(),
                severity: Severity::Error,
                summary: "the code says `bad`".into(),
                page: String::new(),
            },
        ],
        options: Vec::new(),
        settings: Vec::new(),
    }
}

pub(crate) fn draft(task: &Task) -> Draft {
    Draft { code: task.prompt.clone(), author: "recipes".into(), notes: Vec::new() }
}

pub(crate) fn findings(code: &str) -> Vec<Finding> {
    let finding =
        |rule: &str, severity| Finding { rule: rule.into(), severity, message: mark(), hint: None, span: None };
    let bad = code.contains(bad()).then(|| finding("M002", Severity::Error));
    std::iter::once(finding("M001", Severity::Note)).chain(bad).collect()
}

/// When the work ends.
pub(crate) fn ticket(code: &str) -> String {
    code.strip_prefix("until ").map_or("0", str::trim).to_owned()
}

pub(crate) fn progress(ticket: &str) -> Progress {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis());
    let is_over = ticket.parse::<u128>().is_ok_and(|end| end <= now);
    let phase = if is_over { Phase::Succeeded } else { Phase::Running };
    Progress { phase, detail: None, poll_after_ms: 50 }
}

pub(crate) fn outcome(_: &str) -> Outcome {
    let document = Some(format!("{{\"mark\": \"{}\"}}", mark()));
    Outcome { document, ..Outcome::default() }
}
