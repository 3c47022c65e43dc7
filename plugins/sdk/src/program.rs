//! One program in one sandbox: what a supervisor does over `processes`.

mod failure;

use crate::{
    Attempt, Failure, Health, LogChunk, Outcome, Phase, Progress,
    host::processes::{self, Output, Program, State},
    results::{self, Layout},
};

pub use failure::{Class, Classify, Report, from_report as failure};

/// A program in a sandbox that was started ahead may take no longer; the host asks less often the longer one goes on.
const POLL_AFTER_MS: u32 = 20;

/// An engine on the host's own machine, platform `local`, and how its programs are read afterwards.
#[derive(Debug, Clone, Copy)]
pub struct LocalEngine {
    /// Its name in `processes` and in `enginehouse engines install`: `spark`.
    pub name: &'static str,
    /// How it leaves its results.
    pub layout: Layout,
    /// What its failures are.
    pub classify: Classify,
}

impl LocalEngine {
    /// Starts a program after its prelude; the ticket is the attempt's token.
    ///
    /// # Errors
    /// [`Failure::Host`] where the host does not start it.
    pub fn start(&self, prelude: String, code: &str, attempt: &Attempt) -> Result<String, Failure> {
        processes::start(&Program {
            token: attempt.token.clone(),
            engine: self.name.to_owned(),
            prelude,
            code: code.to_owned(),
            timeout_seconds: attempt.timeout_seconds,
        })
        .map_err(Failure::Host)?;
        Ok(attempt.token.clone())
    }

    /// The results of a program that ended well, else why it did not.
    ///
    /// # Errors
    /// [`Failure::Host`] where a host function failed or the results break a rule of the layout.
    pub fn fetch(&self, attempt: &Attempt, ticket: &str) -> Result<Outcome, Failure> {
        match processes::check(ticket).map_err(Failure::Host)? {
            State::Exited(0) => results::collect(attempt, self.layout),
            ended => Ok(Outcome { failure: Some(failure::told(attempt, &ended, self.classify)), ..Outcome::default() }),
        }
    }

    /// Whether the engine is there.
    #[must_use]
    pub fn status(&self) -> Vec<Health> {
        let (ready, detail) = match processes::probe(self.name) {
            Ok(detail) => (true, detail),
            Err(error) => (false, error.text().to_owned()),
        };
        vec![Health { platform: "local".to_owned(), ready, detail }]
    }
}

/// How far a program is.
///
/// # Errors
/// [`Failure::Lost`] where its sandbox is gone, [`Failure::Host`] where a host function failed.
pub fn poll(ticket: &str) -> Result<Progress, Failure> {
    let (phase, detail) = match processes::check(ticket).map_err(Failure::Host)? {
        State::Queued => (Phase::Queued, "waits for a free sandbox".to_owned()),
        State::Running => (Phase::Running, "runs in its sandbox".to_owned()),
        State::Exited(0) => (Phase::Succeeded, "exited with 0".to_owned()),
        State::Exited(status) if status < 0 => (Phase::Failed, format!("ended by signal {}", status.unsigned_abs())),
        State::Exited(status) => (Phase::Failed, format!("exited with {status}")),
        State::Stopped(limit) if limit == "cancelled" => (Phase::Cancelled, "cancelled".to_owned()),
        State::Stopped(limit) => (Phase::Failed, format!("stopped at its limit: {limit}")),
        State::Lost => return Err(Failure::Lost("the sandbox is gone and left no exit status".to_owned())),
    };
    Ok(Progress { phase, detail: Some(detail), poll_after_ms: POLL_AFTER_MS })
}

/// What a program printed and wrote to its standard error since a position, in turn; each for 4 GiB at most.
///
/// # Errors
/// [`Failure::Host`] where a host function failed.
pub fn log(ticket: &str, after: u64) -> Result<LogChunk, Failure> {
    both(after, |output, at| {
        let output = match output {
            Which::Stdout => Output::Stdout,
            Which::Stderr => Output::Stderr,
        };
        processes::log(ticket, output, at).map_err(Failure::Host)
    })
}

/// One of the two outputs of a program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    /// What it printed.
    Stdout,
    /// What it wrote to its standard error.
    Stderr,
}

/// Both outputs of a program as one log, in turn; each for 4 GiB at most. `read` gives what one of them has from a position on.
///
/// # Errors
/// Those of `read`.
pub fn both(after: u64, read: impl Fn(Which, u64) -> Result<LogChunk, Failure>) -> Result<LogChunk, Failure> {
    // One half of the position for each output, so that neither has to end before the other is read.
    let (out, err) = (after >> 32, after & FAR);
    let read = |output, at| match at {
        FAR => Ok(LogChunk { text: String::new(), next: at, end: true, dropped: 0 }),
        at => read(output, at),
    };
    let printed = read(Which::Stdout, out)?;
    if printed.next != out {
        return Ok(LogChunk { next: position(printed.next, err), end: false, ..printed });
    }
    let written = read(Which::Stderr, err)?;
    let end = printed.end && written.end;
    Ok(LogChunk { next: position(out, written.next), end, ..written })
}

/// What either half of a position stops at.
const FAR: u64 = u32::MAX as u64;

fn position(out: u64, err: u64) -> u64 {
    out.min(FAR) << 32 | err.min(FAR)
}

/// Asks a program to stop.
///
/// # Errors
/// [`Failure::Host`] where a host function failed.
pub fn cancel(attempt: &Attempt, ticket: &str) -> Result<(), Failure> {
    let token = if ticket.is_empty() { &attempt.token } else { ticket };
    processes::cancel(token).map_err(Failure::Host)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_keeps_both_outputs_apart_and_stops_at_its_end() {
        assert_eq!(position(0, 0), 0);
        assert_eq!((position(7, 9) >> 32, position(7, 9) & FAR), (7, 9));
        assert_eq!(position(u64::MAX, 3), u64::MAX << 32 | 3);
        assert_eq!(position(3, u64::MAX), 3 << 32 | FAR);
    }
}
