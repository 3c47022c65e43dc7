//! A gateway with one tool, which takes a program and answers when it has ended. It is called in the background.

use enginehouse_sdk::{
    Attempt, Failure, LogChunk, Outcome, Phase, Progress,
    host::tools::{self, Reply, State},
    results,
    script::report,
};
use serde_json::{Value, json};

use super::{gateway::answer, own_lines, told, untold, value_of, wrap};
use crate::supervisor::LAYOUT;

const POLL_AFTER_MS: u32 = 1000;
/// The contract's limit on a piece of a log.
const PIECE: usize = 256 << 10;

pub(super) fn start(tool: &str, code: &str, attempt: &Attempt) -> Result<(), Failure> {
    let arguments = json!({ "code": wrap(code, attempt) }).to_string();
    tools::start(&attempt.token, &attempt.place.target, tool, &arguments).map_err(Failure::Host)
}

pub(super) fn poll(attempt: &Attempt) -> Result<Progress, Failure> {
    let (phase, detail) = match tools::check(&attempt.token).map_err(Failure::Host)? {
        State::Running => (Phase::Running, "the gateway has not answered yet".to_owned()),
        State::Answered(reply) => match Told::of(&reply) {
            Told { failed: None, .. } => (Phase::Succeeded, "the gateway answered".to_owned()),
            Told { failed: Some(reason), .. } => {
                (Phase::Failed, reason.lines().next().unwrap_or_default().chars().take(250).collect())
            }
        },
        State::Lost => {
            let text = "the gateway's answer got lost, and nobody can know it: the program may have run";
            return Err(Failure::Lost(text.to_owned()));
        }
    };
    Ok(Progress { phase, detail: Some(detail), poll_after_ms: POLL_AFTER_MS })
}

/// What it printed, once it has answered.
pub(super) fn log(attempt: &Attempt, after: u64) -> Result<LogChunk, Failure> {
    let text = match tools::check(&attempt.token).map_err(Failure::Host)? {
        State::Answered(reply) => Told::of(&reply).output,
        State::Running => return Ok(LogChunk { text: String::new(), next: after, end: false, dropped: 0 }),
        State::Lost => return Ok(LogChunk { text: String::new(), next: after, end: true, dropped: 0 }),
    };
    let rest = usize::try_from(after).ok().and_then(|after| text.get(after..)).unwrap_or_default();
    let piece = rest.get(..rest.floor_char_boundary(PIECE)).unwrap_or_default();
    let end = piece.len() == rest.len();
    Ok(LogChunk { text: own_lines(piece), next: after + piece.len() as u64, end, dropped: 0 })
}

pub(super) fn fetch(attempt: &Attempt) -> Result<Outcome, Failure> {
    let State::Answered(reply) = tools::check(&attempt.token).map_err(Failure::Host)? else {
        return Err(Failure::Lost("the gateway has not answered".to_owned()));
    };
    let Told { output, failed } = Told::of(&reply);
    let Some(reason) = failed else {
        return Ok(Outcome { document: value_of(&output), ..results::collect(attempt, LAYOUT)? });
    };
    let failure = match report(&output).or_else(|| report(&reason)) {
        Some(report) => told(report),
        None => untold("gateway", &reason),
    };
    Ok(Outcome { failure: Some(failure), ..Outcome::default() })
}

/// What the tool answered.
struct Told {
    output: String,
    /// Why the program failed; none where it did not.
    failed: Option<String>,
}

impl Told {
    /// `{"success": …, "output" or "logs": …, "error": …}`; in the place of `success`, `status` may say `SUCCEEDED`.
    fn of(reply: &Reply) -> Self {
        let content = match answer(reply) {
            Ok(content) => content,
            Err(error) => return Self { output: String::new(), failed: Some(error.text().to_owned()) },
        };
        let text = |name: &str| content.get(name).and_then(Value::as_str);
        let output =
            text("output").or_else(|| text("logs")).or_else(|| content.as_str()).unwrap_or_default().to_owned();
        // An answer that does not say so is no success.
        let success = content.get("success").and_then(Value::as_bool);
        let well = success.unwrap_or(text("status") == Some("SUCCEEDED"));
        let reason = || {
            text("error")
                .or_else(|| text("message"))
                .unwrap_or("the gateway does not say that the program succeeded")
                .to_owned()
        };
        Self { failed: (!well).then(reason), output }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(content: &str, is_error: bool) -> Told {
        Told::of(&Reply { content: content.to_owned(), is_error })
    }

    #[test]
    fn answers_of_several_gateways_are_read() {
        let well = of(r#"{"success": true, "output": "5050\n", "job_id": "j", "status": "SUCCEEDED"}"#, false);
        assert_eq!((well.output.as_str(), well.failed), ("5050\n", None));
        let told = of(r#"{"success": false, "error": "Ray job failed", "status": "FAILED", "logs": "x"}"#, false);
        assert_eq!((told.output.as_str(), told.failed.as_deref()), ("x", Some("Ray job failed")));
        let wrapped = of(r#"{"result": "{\"success\": false, \"output\": \"x\"}"}"#, false);
        assert_eq!((wrapped.output.as_str(), wrapped.failed.is_some()), ("x", true));
        assert_eq!(of(r#"{"status": "SUCCEEDED"}"#, false).failed, None);
        for silent in ["\"done\"", "{}", r#"{"status": "FAILED"}"#, "null"] {
            assert!(of(silent, false).failed.is_some(), "{silent}");
        }
        assert_eq!(of("\"An internal error occurred\"", true).failed.as_deref(), Some("An internal error occurred"));
    }
}
