//! Platform `lambda`: the program is a function's payload, and the function answers when it has ended.

use enginehouse_sdk::{
    Attempt, EngineError, Failure, LogChunk, Outcome, Phase, Progress, Task, Usage,
    host::functions::{self, Answer, Billed, State},
    program::Report,
    results,
    script::report,
};
use serde_json::{Value, json};

use super::wrap;
use crate::{
    failure::{told, untold},
    prelude,
    supervisor::LAYOUT,
};

/// A function takes seconds to minutes.
const POLL_AFTER_MS: u32 = 1000;
/// What the function takes: `MAX_CODE` in examples/deploy/spark-lambda/handler.py.
const MAX_SCRIPT: usize = 2 << 20;
/// The most bytes of a log that are handed on at once.
const MAX_PIECE: usize = 64 << 10;

/// Starts it; the ticket is the attempt's token. Tables are registered by their places, since no catalog is at home there.
pub(crate) fn submit(task: &Task, code: &str, attempt: &Attempt) -> Result<String, Failure> {
    let script = wrap(&prelude::prelude(task), code, attempt);
    if script.len() > MAX_SCRIPT {
        let text = format!(
            "the program has {} bytes with what goes around it, and a function takes {MAX_SCRIPT}: shorten it, or use `emr`",
            script.len()
        );
        return Err(Failure::Unsupported(text));
    }
    let payload = json!({ "code": script, "output": attempt.output }).to_string();
    functions::start(&attempt.token, &attempt.place.target, &payload).map_err(Failure::Host)?;
    Ok(attempt.token.clone())
}

pub(crate) fn poll(ticket: &str) -> Result<Progress, Failure> {
    let (phase, detail) = match functions::check(ticket).map_err(Failure::Host)? {
        State::Running => (Phase::Running, "the function runs".to_owned()),
        State::Answered(answer) => match failed(&answer) {
            None => (Phase::Succeeded, "the function answered".to_owned()),
            Some(failure) => {
                let words = format!("{}: {}", failure.kind, failure.message.lines().next().unwrap_or_default());
                (Phase::Failed, words.chars().take(250).collect())
            }
        },
        State::Lost => {
            let text = "the server went down while the function ran, and nobody can know its answer: it may have run";
            return Err(Failure::Lost(text.to_owned()));
        }
    };
    Ok(Progress { phase, detail: Some(detail), poll_after_ms: POLL_AFTER_MS })
}

/// What it printed, once it has answered: as its answer tells it, else the last 4 KiB of the function's own log.
pub(crate) fn log(ticket: &str, after: u64) -> Result<LogChunk, Failure> {
    let text = match functions::check(ticket).map_err(Failure::Host)? {
        State::Answered(answer) => printed(answer),
        State::Running => return Ok(LogChunk { text: String::new(), next: after, end: false, dropped: 0 }),
        State::Lost => String::new(),
    };
    Ok(piece(&text, after))
}

pub(crate) fn fetch(attempt: &Attempt, ticket: &str) -> Result<Outcome, Failure> {
    let State::Answered(answer) = functions::check(ticket).map_err(Failure::Host)? else {
        return Err(Failure::Lost("the function has not answered".to_owned()));
    };
    let usage = answer.billed.map(usage);
    match failed(&answer) {
        None => Ok(Outcome { usage, ..results::collect(attempt, LAYOUT)? }),
        failure => Ok(Outcome { failure, usage, ..Outcome::default() }),
    }
}

/// Lambda bills for memory over time; how much of a vCPU comes with it is not its own figure.
fn usage(billed: Billed) -> Usage {
    let hours = f64::from(billed.milliseconds) / 3_600_000.0;
    Usage {
        seconds: Some(u64::from(billed.milliseconds).div_ceil(1000)),
        vcpu_hours: None,
        memory_gb_hours: Some(f64::from(billed.memory_mb) / 1024.0 * hours),
    }
}

fn piece(text: &str, after: u64) -> LogChunk {
    let at = usize::try_from(after).unwrap_or(usize::MAX);
    let rest = text.get(at..).unwrap_or_default();
    let (piece, more) = rest.split_at(rest.floor_char_boundary(MAX_PIECE));
    LogChunk {
        next: after.saturating_add(piece.len() as u64),
        text: piece.to_owned(),
        end: more.is_empty(),
        dropped: 0,
    }
}

fn printed(answer: Answer) -> String {
    match body(&answer).get_mut("output").map(Value::take) {
        Some(Value::String(output)) => output,
        _ => answer.log,
    }
}

/// Why a function failed: it fell over, or it says so in the way of HTTP or in its body, whatever the status.
fn failed(answer: &Answer) -> Option<EngineError> {
    let payload = payload(answer);
    let status = payload.get("statusCode").and_then(Value::as_u64);
    let body = body(answer);
    let error = body.get("error").filter(|error| !error.is_null());
    let says = |name: &str| body.get(name).and_then(Value::as_str);
    let failed = answer.error.is_some()
        || error.is_some()
        || status.is_some_and(|status| status >= 400)
        || says("status").is_some_and(|status| ["failed", "failure", "error"].contains(&status))
        || body.get("success") == Some(&Value::Bool(false));
    if !failed {
        return None;
    }
    let own = error.and_then(|error| serde_json::from_value::<Report>(error.clone()).ok());
    if let Some(report) = own.or_else(|| report(&answer.log)) {
        return Some(told(report));
    }
    let words = match (&answer.error, error) {
        (Some(error), _) => error.clone(),
        (None, Some(Value::String(error))) => format!("the function answered: {error}"),
        (None, _) => {
            format!("the function answered{}: {body}", status.map(|status| format!(" {status}")).unwrap_or_default())
        }
    };
    if answer.error.is_some() && answer.payload == "null" {
        // The host's own words where the call itself failed: no other program would fare better.
        return Some(EngineError { kind: "lost".to_owned(), message: words, line: None, hint: None });
    }
    Some(untold("function", &words))
}

fn payload(answer: &Answer) -> Value {
    serde_json::from_str(&answer.payload).unwrap_or_default()
}

/// What is in the answer, whether it came in the way of HTTP or not, as JSON or as a text that is JSON.
fn body(answer: &Answer) -> Value {
    let mut payload = payload(answer);
    match payload.get_mut("body").map(Value::take) {
        None => payload,
        Some(Value::String(text)) => serde_json::from_str(&text).unwrap_or(Value::String(text)),
        Some(body) => body,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(payload: &str, error: Option<&str>, log: &str) -> Answer {
        Answer { payload: payload.to_owned(), error: error.map(str::to_owned), log: log.to_owned(), billed: None }
    }

    #[test]
    fn what_is_billed_is_seconds_and_gigabyte_hours() {
        let used = usage(Billed { milliseconds: 900_001, memory_mb: 2048 });
        assert_eq!((used.seconds, used.vcpu_hours), (Some(901), None));
        assert!((used.memory_gb_hours.unwrap() - 0.5).abs() < 1e-5, "{used:?}");
        assert_eq!(usage(Billed { milliseconds: 0, memory_mb: 128 }).memory_gb_hours, Some(0.0));
    }

    #[test]
    fn what_ended_well_has_not_failed() {
        for payload in [
            "{\"statusCode\": 200, \"body\": \"ok\"}",
            "{\"statusCode\": 200, \"body\": \"{\\\"status\\\": \\\"success\\\", \\\"error\\\": null}\"}",
            "{\"status\": \"success\"}",
            "\"done\"",
            "null",
            "[]",
        ] {
            assert_eq!(failed(&answer(payload, None, "")), None, "{payload}");
        }
    }

    #[test]
    fn a_failure_is_found_wherever_it_is_told() {
        for (payload, error, words) in [
            ("null", Some("Unhandled"), "Unhandled"),
            ("{\"statusCode\": 500, \"body\": {\"error\": \"x\"}}", None, "the function answered: x"),
            ("{\"statusCode\": 502, \"body\": \"bad\"}", None, "502: \"bad\""),
            // Hidden behind a status that says that all is well.
            ("{\"statusCode\": 200, \"body\": \"{\\\"error\\\": \\\"x\\\"}\"}", None, "answered: x"),
            ("{\"statusCode\": 200, \"body\": {\"status\": \"failed\"}}", None, "failed"),
            ("{\"success\": false, \"message\": \"y\"}", None, "y"),
        ] {
            let told = failed(&answer(payload, error, "")).unwrap();
            assert!(told.message.contains(words), "{payload}: {}", told.message);
        }
        assert_eq!(failed(&answer("null", Some("Rate exceeded"), "")).unwrap().kind, "lost");
    }

    #[test]
    fn the_report_of_the_handler_counts_and_else_that_of_the_log() {
        let line = "enginehouse-failure: {\"type\":\"ValueError\",\"message\":\"of the log\",\"line\":3}";
        let body = json!({ "status": "failed", "error": { "type": "time", "message": "too long", "line": null } });
        let payload = json!({ "statusCode": 504, "body": body.to_string() }).to_string();
        let told = failed(&answer(&payload, None, line)).unwrap();
        assert_eq!((told.kind.as_str(), told.message.as_str(), told.line), ("time", "too long", None));
        let told = failed(&answer("{}", Some("spark-submit failed"), line)).unwrap();
        assert_eq!((told.kind.as_str(), told.line), ("ValueError", Some(3)));
    }

    #[test]
    fn the_log_is_what_the_program_printed() {
        let body = json!({ "output": "all of it" }).to_string();
        let told = json!({ "statusCode": 200, "body": body }).to_string();
        assert_eq!(printed(answer(&told, None, "its end")), "all of it");
        assert_eq!(printed(answer("{\"statusCode\": 200}", None, "its end")), "its end");
    }

    #[test]
    fn a_long_log_comes_in_pieces_between_characters() {
        let text = format!("a{}", "ä".repeat(MAX_PIECE));
        let (mut at, mut read) = (0, String::new());
        loop {
            let LogChunk { text: piece, next, end, .. } = piece(&text, at);
            read.push_str(&piece);
            at = next;
            if end {
                break;
            }
        }
        assert_eq!(read, text);
        assert_eq!(piece(&text, u64::MAX).text, "");
    }
}
