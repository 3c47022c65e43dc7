//! Platform `lambda`: the program is a function's payload, and the function answers when it has ended.

use enginehouse_sdk::{
    Attempt, Failure, LogChunk, Outcome, Phase, Progress, Task,
    host::functions::{self, Answer, State},
    results,
    script::{report, untold},
};
use serde_json::{Value, json};

use super::{told, wrap};
use crate::{prelude, supervisor::LAYOUT};

/// A function takes seconds to minutes.
const POLL_AFTER_MS: u32 = 1000;

/// The scheme of S3 that Spark's own distribution has on Lambda.
const SCHEME: &str = "def _enginehouse_session():
    from pyspark.sql import SparkSession

    files = \"org.apache.hadoop.fs.s3a.S3AFileSystem\"
    SparkSession.builder.config(\"spark.hadoop.fs.s3.impl\", files).getOrCreate()


_enginehouse_session()
del _enginehouse_session
";

/// Starts it; the ticket is the attempt's token. Tables are registered by their places, since no catalog is at home there.
pub(crate) fn submit(task: &Task, code: &str, attempt: &Attempt) -> Result<String, Failure> {
    let script = wrap(&format!("{SCHEME}\n{}", prelude::prelude(task)), code, attempt);
    let payload = json!({ "code": script, "output": attempt.output }).to_string();
    functions::start(&attempt.token, &attempt.place.target, &payload).map_err(Failure::Host)?;
    Ok(attempt.token.clone())
}

pub(crate) fn poll(ticket: &str) -> Result<Progress, Failure> {
    let (phase, detail) = match functions::check(ticket).map_err(Failure::Host)? {
        State::Running => (Phase::Running, "the function runs".to_owned()),
        State::Answered(answer) => match failed(&answer) {
            None => (Phase::Succeeded, "the function answered".to_owned()),
            Some(reason) => (Phase::Failed, reason.lines().next().unwrap_or_default().chars().take(250).collect()),
        },
        State::Lost => {
            let text = "the server went down while the function ran, and nobody can know its answer: it may have run";
            return Err(Failure::Lost(text.to_owned()));
        }
    };
    Ok(Progress { phase, detail: Some(detail), poll_after_ms: POLL_AFTER_MS })
}

/// The last 4 KiB of what it printed, once it has answered.
pub(crate) fn log(ticket: &str, after: u64) -> Result<LogChunk, Failure> {
    let (text, end) = match functions::check(ticket).map_err(Failure::Host)? {
        State::Answered(answer) => (answer.log, true),
        State::Running => (String::new(), false),
        State::Lost => (String::new(), true),
    };
    let rest = usize::try_from(after).ok().and_then(|after| text.get(after..)).unwrap_or_default();
    Ok(LogChunk { next: after + rest.len() as u64, text: rest.to_owned(), end, dropped: 0 })
}

pub(crate) fn fetch(attempt: &Attempt, ticket: &str) -> Result<Outcome, Failure> {
    let State::Answered(answer) = functions::check(ticket).map_err(Failure::Host)? else {
        return Err(Failure::Lost("the function has not answered".to_owned()));
    };
    let Some(reason) = failed(&answer) else { return results::collect(attempt, LAYOUT) };
    let failure = match report(&answer.log).or_else(|| report(&reason)) {
        Some(report) => told(report),
        // The host's own words where the call itself failed: no other program would fare better.
        None if answer.payload == "null" => untold("lost", &reason),
        None => untold("function", &reason),
    };
    Ok(Outcome { failure: Some(failure), ..Outcome::default() })
}

/// Why a function failed: it fell over, or it says so in the way of HTTP.
fn failed(answer: &Answer) -> Option<String> {
    if let Some(error) = &answer.error {
        return Some(error.clone());
    }
    let payload: Value = serde_json::from_str(&answer.payload).ok()?;
    let status = payload.get("statusCode").and_then(Value::as_u64).unwrap_or(200);
    let body = payload.get("body").map(|body| body.as_str().map_or_else(|| body.to_string(), str::to_owned));
    (status >= 400).then(|| format!("the function answered {status}: {}", body.unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(payload: &str, error: Option<&str>) -> Answer {
        Answer { payload: payload.to_owned(), error: error.map(str::to_owned), log: String::new() }
    }

    #[test]
    fn a_function_fails_by_falling_over_or_by_saying_so() {
        assert_eq!(failed(&answer("{\"statusCode\": 200, \"body\": \"ok\"}", None)), None);
        assert_eq!(failed(&answer("\"done\"", None)), None);
        assert_eq!(failed(&answer("null", Some("Unhandled"))).unwrap(), "Unhandled");
        assert!(failed(&answer("{\"statusCode\": 500, \"body\": {\"error\": \"x\"}}", None)).unwrap().contains("x"));
    }
}
