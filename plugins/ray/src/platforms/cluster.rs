//! Platform `cluster`: the program is a job of a Ray cluster, behind a server of tools.

use enginehouse_sdk::{
    Attempt, EngineError, Error, Failure, Health, LogChunk, Outcome, Phase, Progress, host::tools, results,
    script::report,
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    gateway::{Way, call},
    once, own_lines, told, untold, value_of, wrap,
};
use crate::supervisor::LAYOUT;

/// A job takes seconds to begin.
const POLL_AFTER_MS: u32 = 1000;

/// Starts it, and the ticket says how it is asked for. The job has the attempt's token for a name, so it is started once.
pub(crate) fn submit(code: &str, attempt: &Attempt) -> Result<String, Failure> {
    let way = Way::find(attempt)?;
    match &way {
        Way::Once(tool) => once::start(tool, code, attempt)?,
        Way::Jobs(prefix) => {
            let job = json!({
                "submission_id": attempt.token,
                "code": wrap(code, attempt),
                "output_path": attempt.output,
            });
            call(attempt, &format!("{prefix}submit_job"), &job).map_err(Failure::Host)?;
        }
    }
    Ok(way.ticket())
}

pub(crate) fn poll(attempt: &Attempt, ticket: &str) -> Result<Progress, Failure> {
    let prefix = match Way::of(ticket)? {
        Way::Once(_) => return once::poll(attempt),
        Way::Jobs(prefix) => prefix,
    };
    let job = Job::ask(attempt, &prefix)?;
    let phase = match job.status.as_str() {
        "PENDING" => Phase::Queued,
        "SUCCEEDED" => Phase::Succeeded,
        "FAILED" => Phase::Failed,
        "STOPPED" => Phase::Cancelled,
        // A state of a later version: whatever it is, it is no end.
        _ => Phase::Running,
    };
    Ok(Progress { phase, detail: Some(job.detail()), poll_after_ms: POLL_AFTER_MS })
}

pub(crate) fn log(attempt: &Attempt, ticket: &str, after: u64) -> Result<LogChunk, Failure> {
    let prefix = match Way::of(ticket)? {
        Way::Once(_) => return once::log(attempt, after),
        Way::Jobs(prefix) => prefix,
    };
    let piece = Piece::ask(attempt, &prefix, Some(after)).map_err(Failure::Host)?;
    let Piece { text, next, end, dropped } = piece;
    if next < after {
        return Err(broken("the server of tools goes back in a log"));
    }
    let whole = if end { text.as_str() } else { whole_lines(&text) };
    let held = (text.len() - whole.len()) as u64;
    Ok(LogChunk { text: own_lines(whole), next: next.saturating_sub(held).max(after), end, dropped })
}

/// Asks it to stop. Where the ticket got lost, so may have the job's beginning.
pub(crate) fn cancel(attempt: &Attempt, ticket: &str) -> Result<(), Failure> {
    let way = if ticket.is_empty() { Way::find(attempt)? } else { Way::of(ticket)? };
    // No call ends a tool that waits: it ends by its own limit, and what it answers is not asked for any more.
    let Way::Jobs(prefix) = way else { return Ok(()) };
    match call(attempt, &format!("{prefix}stop_job"), &json!({ "submission_id": attempt.token })) {
        Ok(_) => Ok(()),
        // A submission may still be under way. It finds the name taken, by a job that does nothing.
        Err(Error::NotFound(_)) if ticket.is_empty() => {
            let nothing = json!({ "submission_id": attempt.token, "code": "" });
            call(attempt, &format!("{prefix}submit_job"), &nothing).map(drop).map_err(Failure::Host)
        }
        Err(Error::NotFound(_)) => Ok(()),
        Err(error) => Err(Failure::Host(error)),
    }
}

pub(crate) fn fetch(attempt: &Attempt, ticket: &str) -> Result<Outcome, Failure> {
    let prefix = match Way::of(ticket)? {
        Way::Once(_) => return once::fetch(attempt),
        Way::Jobs(prefix) => prefix,
    };
    let job = Job::ask(attempt, &prefix)?;
    let failure = match job.status.as_str() {
        "SUCCEEDED" => {
            let tail = Piece::ask(attempt, &prefix, None).map_err(Failure::Host)?;
            return Ok(Outcome { document: tail.value(), ..results::collect(attempt, LAYOUT)? });
        }
        "STOPPED" => untold("cancelled", "the job was stopped"),
        "FAILED" => {
            let log = match Piece::ask(attempt, &prefix, None) {
                Ok(piece) => piece.text,
                // The driver ended by itself, so its log is there, and asked for again.
                Err(error) if job.exit_code.is_some() => return Err(Failure::Host(error)),
                Err(_) => String::new(),
            };
            let ends = job.message.as_deref().unwrap_or_default();
            report(&log).or_else(|| report(ends)).map_or_else(|| job.failure(), told)
        }
        _ => return Err(broken("the job has not ended")),
    };
    Ok(Outcome { failure: Some(failure), ..Outcome::default() })
}

/// Whether the server of tools that the operator named answers, and the cluster behind it.
pub(crate) fn status(server: &str) -> Health {
    let (ready, detail) = match tools::list(server) {
        Ok(tools) => {
            let told = tools.iter().find(|tool| tool.name.ends_with("cluster_status"));
            let version = told.and_then(|tool| tool.description.rsplit_once("Ray ")).map(|(_, version)| version);
            (true, version.map_or_else(|| format!("`{server}` answers"), |version| format!("Ray {version}")))
        }
        Err(error) => (false, error.text().to_owned()),
    };
    Health { platform: "cluster".to_owned(), ready, detail: detail.chars().take(500).collect() }
}

/// What the tool `job_status` answers.
#[derive(Debug, Deserialize)]
struct Job {
    status: String,
    #[serde(default)]
    message: Option<String>,
    #[serde(default)]
    exit_code: Option<i64>,
}

impl Job {
    fn ask(attempt: &Attempt, prefix: &str) -> Result<Self, Failure> {
        match call(attempt, &format!("{prefix}job_status"), &json!({ "submission_id": attempt.token })) {
            Ok(told) => read(told).map_err(Failure::Host),
            Err(Error::NotFound(_)) => {
                let text = "the cluster does not know the job any more: its head was started anew, or removed it";
                Err(Failure::Lost(text.to_owned()))
            }
            Err(error) => Err(Failure::Host(error)),
        }
    }

    /// What there is to say in one line.
    fn first_line(&self) -> &str {
        self.message.as_deref().unwrap_or_default().lines().next().unwrap_or_default()
    }

    fn detail(&self) -> String {
        let text = match self.first_line() {
            "" => self.status.clone(),
            line => format!("{}: {line}", self.status),
        };
        text.chars().take(250).collect()
    }

    /// A failure that the program itself did not tell.
    fn failure(&self) -> EngineError {
        match self.exit_code {
            Some(status) if status < 0 => {
                untold("signal", &format!("the driver was ended by signal {}", status.unsigned_abs()))
            }
            Some(status) => untold("exit", &format!("the program exited with {status}")),
            None => untold("cluster", self.message.as_deref().unwrap_or("the cluster does not say why")),
        }
    }
}

/// What the tool `job_logs` answers.
#[derive(Debug, Deserialize)]
struct Piece {
    text: String,
    next: u64,
    end: bool,
    #[serde(default)]
    dropped: u64,
}

impl Piece {
    fn ask(attempt: &Attempt, prefix: &str, after: Option<u64>) -> Result<Self, Error> {
        read(call(attempt, &format!("{prefix}job_logs"), &json!({ "submission_id": attempt.token, "after": after }))?)
    }

    /// What the program returned, where this is the end of its log.
    fn value(&self) -> Option<String> {
        // Where a log is longer than a piece, the first line here may be the end of one.
        let from_the_start = self.next == self.text.len() as u64;
        let whole =
            if from_the_start { Some(self.text.as_str()) } else { self.text.split_once('\n').map(|(_, rest)| rest) };
        value_of(whole?)
    }
}

/// A piece of a log without the line that its end cuts. A line that is longer than the piece comes as it is.
fn whole_lines(text: &str) -> &str {
    text.rsplit_once('\n').and_then(|(lines, _)| text.get(..=lines.len())).unwrap_or(text)
}

fn read<T: for<'a> Deserialize<'a>>(told: Value) -> Result<T, Error> {
    serde_json::from_value(told)
        .map_err(|error| Error::Other(format!("the server of tools does not answer as it should: {error}")))
}

fn broken(text: &str) -> Failure {
    Failure::Host(Error::Other(text.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn job(told: Value) -> Job {
        read(told).unwrap()
    }

    #[test]
    fn the_value_is_a_whole_line_at_the_end_of_the_log() {
        let value = |text: &str, next| Piece { text: text.to_owned(), next, end: true, dropped: 0 }.value();
        assert_eq!(value("5050\n", 5).as_deref(), Some("5050"));
        assert_eq!(value("050\n", 500), None, "a line may have begun before");
        assert_eq!(value("050\n7\nenginehouse-failure: {}\n", 500).as_deref(), Some("7"));
    }

    #[test]
    fn a_line_that_is_cut_waits_for_its_end() {
        assert_eq!((whole_lines("one\ntw"), whole_lines("one\n"), whole_lines("one")), ("one\n", "one\n", "one"));
        assert_eq!((whole_lines(""), whole_lines("\n")), ("", "\n"));
    }

    #[test]
    fn a_failure_without_a_report_is_told_by_how_it_ended() {
        let told = job(json!({"status": "FAILED", "message": "Job failed:\nmore", "exit_code": 3, "later": 1}));
        assert_eq!((told.failure().kind.as_str(), told.detail().as_str()), ("exit", "FAILED: Job failed:"));
        assert_eq!(job(json!({"status": "FAILED", "exit_code": -9})).failure().kind, "signal");
        let setup = job(json!({"status": "FAILED", "message": "runtime_env setup failed"})).failure();
        assert_eq!((setup.kind.as_str(), setup.message.as_str()), ("cluster", "runtime_env setup failed"));
        assert_eq!(job(json!({"status": "NEW", "message": null})).detail(), "NEW");
    }
}
