//! Platform `emr`: the program is a script in the store, and a batch runs it.

use enginehouse_sdk::{
    Attempt, Error, Failure, LogChunk, Outcome, Phase, Progress, Source, Task, Usage,
    host::{
        batches::{self, Output, Request, State},
        objects,
    },
    program, results,
    script::{report, untold},
};
use serde::{Deserialize, Serialize};

use super::{told, wrap};
use crate::supervisor::LAYOUT;

/// A batch takes minutes.
const POLL_AFTER_MS: u32 = 10_000;
/// The most that is read of a driver's log in search of a report.
const LOG_CALLS: usize = 64;
/// The host writes at most so much at once.
const MAX_SCRIPT: usize = 1 << 20;

const SCRIPT: &str = "program.py";
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
        State::Cancelled => failure("cancelled", "the run was cancelled"),
        State::Failed => match reported(attempt, ticket) {
            Some(report) => Outcome { failure: Some(told(report)), ..Outcome::default() },
            None => failure("batch", &batch.detail),
        },
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

/// What the program said of its own failure, in the driver's log.
fn reported(attempt: &Attempt, ticket: &str) -> Option<program::Report> {
    let (mut found, mut at, mut before) = (None, 0, String::new());
    for _ in 0..LOG_CALLS {
        let chunk = batches::log(&attempt.place.target, ticket, Output::Stderr, at).ok()?;
        let text = before + &chunk.text;
        found = report(&text).or(found);
        // A report may be cut in two.
        before = text.lines().last().filter(|last| last.len() < 8192).unwrap_or_default().to_owned();
        if chunk.end || chunk.next == at {
            break;
        }
        at = chunk.next;
    }
    found
}

fn write(attempt: &Attempt, name: &str, body: &[u8]) -> Result<(), Failure> {
    objects::write(&format!("{}{name}", attempt.scratch), body).map_err(Failure::Host)
}

fn failure(kind: &str, message: &str) -> Outcome {
    Outcome { failure: Some(untold(kind, message)), ..Outcome::default() }
}

fn broken(text: &str) -> Failure {
    Failure::Host(Error::Other(text.to_owned()))
}
