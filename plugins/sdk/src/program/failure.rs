//! How a program failed, told so that the next attempt can do better.

use crate::{
    Attempt, EngineError,
    host::{objects, processes::State},
};
use serde::Deserialize;

/// What the runner in the sandbox wrote beside the program when it raised.
const REPORT: &str = "failure.json";
const REPORT_BYTES: u32 = 64 * 1024;
/// The contract's limit, in bytes.
const MAX_MESSAGE: usize = 2048;

/// What the runner in the sandbox tells of an exception.
#[derive(Debug, Clone, Default, Deserialize)]
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
    /// What lies beneath it, the outermost first: `java.lang.OutOfMemoryError: Java heap space`.
    #[serde(default)]
    pub causes: Vec<String>,
}

/// What a failure is to those who have to do something about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Class {
    /// Its name, in the place of the engine's own: `missing-column`. `time` and `lost` end a run as such.
    pub kind: Option<&'static str>,
    /// What usually mends it.
    pub hint: Option<&'static str>,
}

/// The class of a failure, where there is more to say than its report does.
pub type Classify = fn(&Report) -> Option<Class>;

/// The failure of a program that ended as `ended`: the runner's report where there is one.
pub(super) fn told(attempt: &Attempt, ended: &State, classify: Classify) -> EngineError {
    let uri = format!("{}{REPORT}", attempt.scratch);
    let report = objects::read(&uri, 0, REPORT_BYTES).ok().and_then(|body| serde_json::from_slice(&body).ok());
    match (ended, report) {
        (State::Exited(_), Some(report)) => from_report(report, classify),
        _ => from_state(ended),
    }
}

/// The failure that a report tells, with its class and its innermost cause.
pub fn from_report(report: Report, classify: Classify) -> EngineError {
    let class = classify(&report);
    let hint = class.and_then(|class| class.hint).or(match report.kind.as_str() {
        "NameError" => Some("import or define the name before it is used"),
        _ => None,
    });
    let Report { mut kind, condition, mut message, line, mut causes } = report;
    if kind == "SystemExit" {
        // Else only a number is told.
        (kind, message) = ("exit".to_owned(), format!("the program exited with {message}"));
    }
    if let Some(cause) = causes.pop().filter(|cause| !cause.is_empty() && !message.contains(cause.as_str())) {
        message = format!("{} ({cause})", cut(message, MAX_MESSAGE.saturating_sub(cause.len() + 3)));
    }
    let kind = class.and_then(|class| class.kind).map(str::to_owned).or(condition).unwrap_or(kind);
    EngineError { kind, message: cut(message, MAX_MESSAGE), line, hint: hint.map(str::to_owned) }
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

/// At most so many bytes of a text, and no half of a character.
fn cut(mut message: String, most: usize) -> String {
    message.truncate(message.floor_char_boundary(most));
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
        let told = from_report(report, |_| Some(Class { kind: None, hint: Some("use the schema") }));
        assert_eq!(told.kind, "UNRESOLVED_COLUMN.WITH_SUGGESTION");
        assert_eq!(told.line, Some(7));
        assert!(told.hint.unwrap().contains("schema"));
    }

    #[test]
    fn a_class_has_the_last_word_and_the_cause_is_told() {
        let report = |causes: &[&str]| Report {
            kind: "Wrapper".into(),
            message: "it failed: outer".into(),
            causes: causes.iter().map(|cause| (*cause).to_owned()).collect(),
            ..Report::default()
        };
        let told = |causes| from_report(report(causes), |_| Some(Class { kind: Some("memory"), hint: None }));
        assert_eq!((told(&[]).kind.as_str(), told(&[]).message.as_str()), ("memory", "it failed: outer"));
        assert_eq!(told(&["first", "inner"]).message, "it failed: outer (inner)");
        assert_eq!(told(&["inner", "outer"]).message, "it failed: outer");
        assert!(told(&["ä".repeat(3000).as_str()]).message.len() <= 2048);
    }

    #[test]
    fn an_exit_is_told_in_words() {
        let report = Report { kind: "SystemExit".into(), message: "3".into(), line: Some(6), ..Report::default() };
        let told = from_report(report, |_| None);
        assert_eq!((told.kind.as_str(), told.message.as_str()), ("exit", "the program exited with 3"));
        assert_eq!(told.line, Some(6));
    }

    #[test]
    fn a_limit_is_named() {
        assert_eq!(from_state(&State::Stopped("memory".into())).kind, "memory");
        assert!(from_state(&State::Exited(-9)).message.contains("signal 9"));
    }

    #[test]
    fn a_long_message_is_cut_at_a_character() {
        assert_eq!(cut("ä".repeat(3000), 2047).len(), 2046);
    }
}
