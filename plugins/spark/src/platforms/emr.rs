//! Platform `emr`: the program is a script in the store, and a batch runs it.

use enginehouse_sdk::{
    Attempt, EngineError, Error, Failure, LogChunk, Outcome, Phase, Progress, Source, Task, Usage,
    host::{
        batches::{self, Output, Request, State},
        objects,
    },
    program::{self, Report},
    results,
    script::report,
};
use serde::{Deserialize, Serialize};

use super::wrap;
use crate::{
    failure::{told, untold},
    supervisor::LAYOUT,
};

/// A batch takes minutes.
const POLL_AFTER_MS: u32 = 10_000;
/// The most that is read of a driver's log in search of a report.
const LOG_CALLS: usize = 64;
/// The most characters of an exception in it.
const MAX_CAUSE: usize = 300;
/// The host writes at most so much at once.
const MAX_SCRIPT: usize = 1 << 20;

/// Not `program.py`: in tracebacks Python would show lines of this file for lines of the program within.
const SCRIPT: &str = "main.py";
/// What was asked for, so that a `cancel` whose ticket was lost can ask for the same and hear the batch's id.
const REQUEST: &str = "batch.json";

#[derive(Debug, Serialize, Deserialize)]
struct Asked {
    properties: Vec<(String, String)>,
}

/// Starts it; the ticket is the batch's id.
pub(crate) fn submit(task: &Task, code: &str, attempt: &Attempt) -> Result<String, Failure> {
    let script = wrap("", code, attempt);
    if script.len() > MAX_SCRIPT {
        let text = format!(
            "the program has {} bytes with what goes around it, and a batch takes {MAX_SCRIPT}: shorten it",
            script.len()
        );
        return Err(Failure::Unsupported(text));
    }
    let asked = Asked { properties: properties(task) };
    write(attempt, SCRIPT, script.as_bytes())?;
    write(attempt, REQUEST, &serde_json::to_vec(&asked).map_err(|error| broken(&error.to_string()))?)?;
    start(attempt, asked)
}

pub(crate) fn poll(attempt: &Attempt, ticket: &str) -> Result<Progress, Failure> {
    let batch = batches::get(&attempt.place.target, ticket).map_err(Failure::Host)?;
    let phase = match batch.state {
        State::Queued => Phase::Queued,
        State::Running => Phase::Running,
        State::Succeeded => Phase::Succeeded,
        State::Failed => Phase::Failed,
        State::Cancelled => Phase::Cancelled,
    };
    Ok(Progress { phase, detail: Some(batch.detail), poll_after_ms: POLL_AFTER_MS })
}

pub(crate) fn log(attempt: &Attempt, ticket: &str, after: u64) -> Result<LogChunk, Failure> {
    program::both(after, |output, at| {
        let output = match output {
            program::Which::Stdout => Output::Stdout,
            program::Which::Stderr => Output::Stderr,
        };
        batches::log(&attempt.place.target, ticket, output, at).map_err(Failure::Host)
    })
}

pub(crate) fn cancel(attempt: &Attempt, ticket: &str) -> Result<(), Failure> {
    if !ticket.is_empty() {
        return batches::cancel(&attempt.place.target, ticket).map_err(Failure::Host);
    }
    let asked = match objects::read(&format!("{}{REQUEST}", attempt.scratch), 0, 1 << 20) {
        Ok(body) => body,
        // It comes before the batch: nothing was started.
        Err(Error::NotFound(_)) => return Ok(()),
        Err(error) => return Err(Failure::Host(error)),
    };
    let asked = serde_json::from_slice(&asked).map_err(|error| broken(&error.to_string()))?;
    let id = start(attempt, asked)?;
    batches::cancel(&attempt.place.target, &id).map_err(Failure::Host)
}

pub(crate) fn fetch(attempt: &Attempt, ticket: &str) -> Result<Outcome, Failure> {
    let batch = batches::get(&attempt.place.target, ticket).map_err(Failure::Host)?;
    let usage = Usage { seconds: None, vcpu_hours: batch.vcpu_hours, memory_gb_hours: batch.memory_gb_hours };
    let outcome = match batch.state {
        State::Succeeded => results::collect(attempt, LAYOUT)?,
        State::Cancelled => {
            Outcome { failure: Some(untold("cancelled", "the run was cancelled")), ..Outcome::default() }
        }
        State::Failed => Outcome { failure: Some(failed(attempt, ticket, &batch.detail)), ..Outcome::default() },
        State::Queued | State::Running => return Err(broken("the batch has not ended")),
    };
    Ok(Outcome { usage: Some(usage), ..outcome })
}

fn start(attempt: &Attempt, asked: Asked) -> Result<String, Failure> {
    let request = Request {
        token: attempt.token.clone(),
        target: attempt.place.target.clone(),
        name: format!("enginehouse {}", attempt.token),
        entry_point: format!("{}{SCRIPT}", attempt.scratch),
        arguments: Vec::new(),
        properties: asked.properties,
        jars: Vec::new(),
        timeout_minutes: attempt.timeout_seconds.div_ceil(60),
    };
    batches::start(&request).map_err(Failure::Host)
}

/// Tables are found in the catalog of the account.
fn properties(task: &Task) -> Vec<(String, String)> {
    let tables = task.sources.iter().any(|source| matches!(source, Source::Table(_)));
    let factory = "com.amazonaws.glue.catalog.metastore.AWSGlueDataCatalogHiveClientFactory";
    let properties =
        [("spark.sql.catalogImplementation", "hive"), ("spark.hadoop.hive.metastore.client.factory.class", factory)];
    let own = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
    if tables { properties.map(own).to_vec() } else { Vec::new() }
}

/// What the program said of its own failure in the driver's log; else the service's words, with the last exception of that log.
fn failed(attempt: &Attempt, ticket: &str, detail: &str) -> EngineError {
    let (mut found, mut cause, mut at, mut before) = (None, None, 0, String::new());
    for _ in 0..LOG_CALLS {
        let Ok(chunk) = batches::log(&attempt.place.target, ticket, Output::Stderr, at) else { break };
        let text = before + &chunk.text;
        found = report(&text).or(found);
        cause = last_cause(&text).or(cause);
        // A report may be cut in two.
        before = text.lines().last().filter(|last| last.len() < 8192).unwrap_or_default().to_owned();
        if chunk.end || chunk.next == at {
            break;
        }
        at = chunk.next;
    }
    let untold = || Report {
        kind: "batch".to_owned(),
        message: detail.to_owned(),
        causes: cause.into_iter().collect(),
        ..Report::default()
    };
    told(found.unwrap_or_else(untold))
}

/// `java.lang.OutOfMemoryError: Java heap space`: the last that Java says lies beneath something, else its last exception.
fn last_cause(log: &str) -> Option<String> {
    let beneath = log.lines().rev().find_map(|line| line.trim_start().strip_prefix("Caused by: "));
    let thrown = || log.lines().rev().find(|line| line.contains("Error: ") || line.contains("Exception: "));
    let cause: String = beneath.or_else(thrown)?.chars().take(MAX_CAUSE).collect();
    Some(cause)
}

fn write(attempt: &Attempt, name: &str, body: &[u8]) -> Result<(), Failure> {
    objects::write(&format!("{}{name}", attempt.scratch), body).map_err(Failure::Host)
}

fn broken(text: &str) -> Failure {
    Failure::Host(Error::Other(text.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_cause_in_a_log_is_found() {
        let log = "a.B: first\n\tat c\nCaused by: java.io.IOException: x\n\tat d\nCaused by: java.lang.OutOfMemoryError: heap\n\tat e\nbye\n";
        assert_eq!(last_cause(log).unwrap(), "java.lang.OutOfMemoryError: heap");
        assert_eq!(
            last_cause("INFO\njava.lang.OutOfMemoryError: heap\n\tat e\n").unwrap(),
            "java.lang.OutOfMemoryError: heap"
        );
        assert_eq!(last_cause("INFO all is well\n"), None);
        assert_eq!(last_cause(&format!("Caused by: {}", "ä".repeat(5000))).unwrap().chars().count(), MAX_CAUSE);
    }
}
