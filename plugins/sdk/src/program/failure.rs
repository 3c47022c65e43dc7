//! How a program failed, told so that the next attempt can do better.

use crate::{
    Attempt, EngineError,
    host::{objects, processes::State},
};
use serde::Deserialize;

/// What the runner in the sandbox wrote beside the program when it raised.
const REPORT: &str = "failure.json";
const REPORT_BYTES: u32 = 64 * 1024;

/// What the runner in the sandbox tells of an exception.
#[derive(Debug, Clone, Deserialize)]
pub struct Report {
    /// The exception's class.
    #[serde(rename = "type")]
    pub kind: String,
    /// The engine's own class of error, where it has one: `UNRESOLVED_COLUMN`.
    #[serde(default)]
    pub condition: Option<String>,
    /// In words.
    pub message: String,
    /// In the submitted code.
    pub line: Option<u32>,
}

/// What usually mends a failure of this class.
type Hint = fn(&Report) -> Option<&'static str>;

/// The failure of a program that ended as `ended`: the runner's report where there is one.
pub(super) fn told(attempt: &Attempt, ended: &State, hint: Hint) -> EngineError {
    let uri = format!("{}{REPORT}", attempt.scratch);
    let report = objects::read(&uri, 0, REPORT_BYTES).ok().and_then(|body| serde_json::from_slice(&body).ok());
    match (ended, report) {
        (State::Exited(_), Some(report)) => from_report(report, hint),
        _ => from_state(ended),
    }
}

/// The failure that a report tells, with what usually mends it.
pub fn from_report(report: Report, hint: Hint) -> EngineError {
    let hint = match report.kind.as_str() {
        "NameError" => Some("import or define the name before it is used"),
        _ => hint(&report),
    };
    let hint = hint.map(str::to_owned);
    let kind = report.condition.unwrap_or(report.kind);
    EngineError { kind, message: cut(report.message), line: report.line, hint }
}

fn from_state(ended: &State) -> EngineError {
    let (kind, message, hint) = match ended {
        State::Stopped(limit) if limit == "cancelled" => ("cancelled", "the run was cancelled".to_owned(), None),
        State::Stopped(limit) => (
            limit.as_str(),
            format!("the sandbox ended the program at its limit: {limit}"),
            Some(match limit.as_str() {
                "memory" => "read less, aggregate before collecting, or raise the memory limit of local engines",
                "time" => "read less, or give the run a longer timeout",
                "disk" => "write less, or raise the disk limit of local engines",
                _ => "start fewer processes and threads",
            }),
        ),
        State::Exited(status) if *status < 0 => {
            ("signal", format!("the program was ended by signal {}", status.unsigned_abs()), None)
        }
        State::Exited(status) => ("exit", format!("the program exited with {status}"), None),
        State::Lost => ("lost", "the sandbox is gone and left no exit status".to_owned(), Some("run it again")),
        State::Queued | State::Running => ("running", "the program has not ended".to_owned(), None),
    };
    EngineError { kind: kind.to_owned(), message, line: None, hint: hint.map(str::to_owned) }
}

/// The contract's limit on a message is 2 KiB.
fn cut(mut message: String) -> String {
    let end = (0..=2048.min(message.len())).rev().find(|end| message.is_char_boundary(*end)).unwrap_or(0);
    message.truncate(end);
    message
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_keeps_its_line_and_gets_a_hint() {
        let report: Report = serde_json::from_str(
            r#"{"type":"AnalysisException","condition":"UNRESOLVED_COLUMN.WITH_SUGGESTION","message":"no `x`","line":7}"#,
        )
        .unwrap();
        let told = from_report(report, |_| Some("use the schema"));
        assert_eq!(told.kind, "UNRESOLVED_COLUMN.WITH_SUGGESTION");
        assert_eq!(told.line, Some(7));
        assert!(told.hint.unwrap().contains("schema"));
    }

    #[test]
    fn a_limit_is_named() {
        assert_eq!(from_state(&State::Stopped("memory".into())).kind, "memory");
        assert!(from_state(&State::Exited(-9)).message.contains("signal 9"));
    }

    #[test]
    fn a_long_message_is_cut_at_a_character() {
        assert!(cut("ä".repeat(3000)).len() <= 2048);
    }
}
