//! One program, from `submit` to `fetch`.

use std::sync::Mutex;

use enginehouse_sdk::{
    Attempt, EngineError, Error, Failure, LogChunk, Outcome, Phase, Progress, Table,
    host::{
        objects,
        processes::{self, Program, State},
        settings,
    },
    program,
    results::{self, Layout},
};

use crate::{clock, fault::Fault, has};

/// What does not outlive a call.
static TICKET: Mutex<Option<String>> = Mutex::new(None);

pub(crate) fn submit(code: &str, attempt: &Attempt) -> Result<String, Failure> {
    let token = match has(Fault::StartsTwice) {
        true => format!("{}-{}", attempt.token, clock::nanos() % 1_000_000_000),
        false => attempt.token.clone(),
    };
    let program = Program {
        token,
        engine: attempt.place.target.clone(),
        prelude: String::new(),
        code: code.to_owned(),
        timeout_seconds: attempt.timeout_seconds,
    };
    let started = processes::start(&program);
    if has(Fault::MeaningLost) && started.is_err() {
        return Err(Failure::Unsupported("it did not start".into()));
    }
    started.map_err(Failure::Host)?;
    if has(Fault::StaticState) {
        *TICKET.lock().unwrap() = Some(attempt.token.clone());
        return Ok("it is in the static".into());
    }
    Ok(match has(Fault::TicketChanges) {
        true => format!("{} {}", attempt.token, clock::nanos()),
        false => attempt.token.clone(),
    })
}

pub(crate) fn poll(ticket: &str) -> Result<Progress, Failure> {
    let token = token(ticket)?;
    let told = |phase| Ok(Progress { phase, detail: None, poll_after_ms: 10 });
    match processes::check(&token) {
        Err(Error::Denied(text)) if has(Fault::DeniedTrap) => panic!("{text}"),
        Err(Error::Unavailable(text)) if has(Fault::UnavailableLost) => Err(Failure::Lost(text)),
        Err(Error::TimedOut(_)) if has(Fault::TimedOutFailed) => told(Phase::Failed),
        Ok(_) if has(Fault::NeverEnds) => told(Phase::Running),
        Ok(State::Exited(_)) if has(Fault::FailureHidden) => told(Phase::Succeeded),
        _ => program::poll(&token),
    }
}

pub(crate) fn log(ticket: &str, after: u64) -> Result<LogChunk, Failure> {
    let token = token(ticket)?;
    let piece = |next| Ok(LogChunk { text: "again\n".into(), next, end: false, dropped: 0 });
    if has(Fault::LogStuck) {
        return piece(1);
    }
    if has(Fault::LogEndless) {
        return piece(after + 1);
    }
    match program::log(&token, after) {
        Err(_) if has(Fault::RefusalLost) => Err(Failure::Lost("it does not answer".into())),
        piece => piece,
    }
}

pub(crate) fn cancel(attempt: &Attempt, ticket: &str) -> Result<(), Failure> {
    let nothing_to_do = has(Fault::CancelIgnored) || (has(Fault::CancelNeedsTicket) && ticket.is_empty());
    if nothing_to_do {
        return Ok(());
    }
    if has(Fault::CancelFinished) && matches!(processes::check(&attempt.token), Ok(State::Exited(_))) {
        return Err(Failure::Host(Error::Conflict("it has ended".into())));
    }
    match ticket {
        "" => program::cancel(attempt, ""),
        ticket => program::cancel(attempt, &token(ticket)?),
    }
}

pub(crate) fn fetch(attempt: &Attempt, ticket: &str) -> Result<Outcome, Failure> {
    let ended = processes::check(&token(ticket)?);
    if has(Fault::QuotaEmpty) && matches!(ended, Err(Error::QuotaExceeded(_))) {
        return Ok(Outcome { failure: None, ..failed("") });
    }
    let mut outcome = match ended.map_err(Failure::Host)? {
        State::Exited(0) => results::collect(attempt, Layout { csv_escape: None, success_for: None })?,
        ended => failed(&format!("{ended:?}")),
    };
    if outcome.failure.is_none() && settings::get("manifest").is_some() {
        objects::read(&format!("{}manifest.json", attempt.output), 0, 1024).map_err(Failure::Host)?;
    }
    if has(Fault::FailureUntold) {
        outcome.failure = None;
    }
    if has(Fault::FetchChanges) {
        outcome.document = Some(clock::nanos().to_string());
    }
    if has(Fault::FetchInvents) {
        let uris = vec![format!("{}never/written.csv", attempt.output)];
        outcome.tables.push(Table { name: "never".into(), format: "csv".into(), header: true, escape: None, uris });
    }
    Ok(outcome)
}

fn failed(how: &str) -> Outcome {
    let failure = EngineError { kind: "exit".into(), message: how.into(), line: None, hint: None };
    Outcome { tables: Vec::new(), document: None, failure: Some(failure), figures: Vec::new(), usage: None }
}

/// A ticket begins with its token.
fn token(ticket: &str) -> Result<String, Failure> {
    if has(Fault::StaticState) {
        return TICKET.lock().unwrap().clone().ok_or_else(|| Failure::Lost("nothing was submitted".into()));
    }
    Ok(ticket.split_whitespace().next().unwrap_or_default().to_owned())
}
