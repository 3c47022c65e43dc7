//! The steps of a run: for each state, the one thing to do next.

use std::{sync::Arc, time::Duration};

use enginehouse_capabilities as capabilities;
use enginehouse_runtime::{
    self as runtime, Attempt, Earlier, EngineError, Failure, HostError, Phase, Plugin, Severity, Task,
};
use serde_json::json;
use sha2::{Digest, Sha256};

use super::{Inner, Next, attempt_of, context_of};
use crate::{
    reading,
    store::{self, AttemptRow, Problem, RunRow, RunState, Step, now_ms},
};

/// The engine ends a program at its limit; only when it has not by then does the host.
const GRACE_MS: i64 = 30_000;
/// An engine is asked at least this often.
const MAX_POLL: Duration = Duration::from_secs(10);

/// A step could not be done.
#[derive(Debug, thiserror::Error)]
pub(super) enum Error {
    /// The store failed, or the run moved on.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// The plugin, or what it called, failed.
    #[error(transparent)]
    Plugin(#[from] runtime::Error),
    /// A capability failed.
    #[error(transparent)]
    Capability(#[from] capabilities::Error),
    /// The plugin that the run needs does not serve.
    #[error("no plugin serves the framework `{0}`")]
    NoPlugin(String),
}

impl Error {
    /// Whether trying again may help.
    pub(super) fn is_passing(&self) -> bool {
        match self {
            Self::Store(_) => true,
            Self::Plugin(error) => matches!(
                error,
                runtime::Error::Busy(_)
                    | runtime::Error::Failed(Failure::Host(HostError::Unavailable(_) | HostError::TimedOut(_)))
            ),
            Self::Capability(error) => {
                matches!(error, capabilities::Error::Unavailable(_) | capabilities::Error::TimedOut(_))
            }
            Self::NoPlugin(_) => false,
        }
    }

    /// The kind of problem for the run's caller.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::Plugin(_) => "plugin-failed",
            _ if self.is_passing() => "unavailable",
            _ => "host-failed",
        }
    }
}

/// Does what the run's state asks for, and writes it.
pub(super) async fn take(engine: &Inner, row: RunRow) -> Result<Next, Error> {
    let step = Steps::of(engine, row)?;
    match step.row.state {
        RunState::Queued | RunState::Generating | RunState::Validating if step.row.cancel_requested => {
            step.end(RunState::Cancelled, "cancelled", "cancelled before anything ran").await
        }
        RunState::Queued => step.plan().await,
        RunState::Generating => step.generate().await,
        RunState::Validating => step.validate().await,
        RunState::Submitting => step.submit().await,
        RunState::Running => step.poll().await,
        RunState::Collecting => step.collect().await,
        _ => Ok(Next::Now),
    }
}

/// Ends what a run that is given up may have at its engine.
pub(super) async fn abandon(engine: &Inner, row: RunRow) -> Result<(), Error> {
    if !matches!(row.state, RunState::Submitting | RunState::Running) {
        return Ok(());
    }
    let step = Steps::of(engine, row)?;
    let attempt = step.attempt()?;
    let ticket = step.row.ticket.as_deref().unwrap_or_default();
    Ok(step.plugin.cancel(&step.context(Some(&attempt))?, &attempt, ticket).await?)
}

struct Steps<'a> {
    engine: &'a Inner,
    plugin: Arc<Plugin>,
    task: Task,
    row: RunRow,
}

impl<'a> Steps<'a> {
    fn of(engine: &'a Inner, row: RunRow) -> Result<Self, Error> {
        let plugin = engine.plugins.get(&row.framework).ok_or_else(|| Error::NoPlugin(row.framework.clone()))?;
        Ok(Self { engine, plugin, task: planned(&row), row })
    }

    async fn plan(&self) -> Result<Next, Error> {
        // What is not run needs no place; the platform that was asked for still guides how code is written and read.
        if self.row.request.generate_only {
            return self.write(self.begun(Step::default())).await;
        }
        let plan = match answer(self.plugin.plan(&self.context(None)?, &self.task).await)? {
            Ok(plan) => plan,
            Err(no) => return self.refused(no).await,
        };
        let entry = ("progress", json!({ "platform": plan.platform, "reason": plan.reason }));
        self.write(self.begun(Step { plan: Some(plan), entries: vec![entry], ..Step::default() })).await
    }

    /// The step that leaves the queue: a caller's code is read, other code is written first.
    fn begun(&self, step: Step) -> Step {
        match &self.row.request.code {
            Some(code) => Step {
                draft: Some(attempt_row(1, code.clone(), "caller", Vec::new())),
                state: Some(RunState::Validating),
                ..step
            },
            None => Step { state: Some(RunState::Generating), ..step },
        }
    }

    async fn generate(&self) -> Result<Next, Error> {
        let attempts = self.engine.store.attempts(self.row.id).await?;
        let number = attempts.last().map_or(1, |attempt| attempt.number + 1);
        let earlier: Vec<Earlier> = attempts.into_iter().map(earlier).collect();
        let draft = match answer(self.plugin.generate(&self.context(None)?, &self.task, &earlier).await)? {
            Ok(draft) => draft,
            Err(no) => return self.refused(no).await,
        };
        let entry = ("attempt", json!({ "number": number, "author": draft.author, "notes": draft.notes }));
        self.write(Step {
            state: Some(RunState::Validating),
            draft: Some(attempt_row(number, draft.code, &draft.author, draft.notes)),
            entries: vec![entry],
            ..Step::default()
        })
        .await
    }

    async fn validate(&self) -> Result<Next, Error> {
        let attempts = self.engine.store.attempts(self.row.id).await?;
        let Some((last, before)) = attempts.split_last() else {
            return self.end(RunState::Failed, "host-failed", "the run has no code to validate").await;
        };
        let report = reading::read(&self.plugin, &self.context(None)?, &self.task, &last.code).await?;
        let counted = |severity| report.findings.iter().filter(|finding| finding.severity == severity).count();
        let (errors, warnings) = (counted(Severity::Error), counted(Severity::Warning));
        let mut step = Step {
            entries: vec![("validated", json!({ "number": last.number, "errors": errors, "warnings": warnings }))],
            ..Step::default()
        };
        if report.validated.is_some() {
            let next = if self.row.request.generate_only { RunState::Succeeded } else { RunState::Submitting };
            if next == RunState::Submitting && self.row.request.overwrite {
                // Before `submitting`, which may be taken twice: the second time results could be there already.
                self.clear(&self.attempt()?.output).await?;
            }
            step.state = Some(next);
        } else {
            let ours = self.row.request.code.is_none();
            let repeated = before.iter().any(|old| old.findings.as_deref() == Some(&report.findings));
            if ours && !repeated && last.number < self.row.request.max_attempts {
                step.state = Some(RunState::Generating);
            } else {
                let detail = format!("the code has {errors} findings that forbid running it");
                step.state = Some(RunState::Rejected);
                step.problem = Some(Problem { kind: "rejected".to_owned(), detail });
            }
        }
        step.findings = Some((report.findings, self.plugin.digest().to_owned()));
        self.write(step).await
    }

    async fn submit(&self) -> Result<Next, Error> {
        let attempt = self.attempt()?;
        let cx = self.context(Some(&attempt))?;
        if self.row.cancel_requested {
            self.plugin.cancel(&cx, &attempt, "").await?;
            return self.end(RunState::Cancelled, "cancelled", "cancelled before it ran").await;
        }
        let attempts = self.engine.store.attempts(self.row.id).await?;
        let code = attempts.last().map(|attempt| attempt.code.as_str()).unwrap_or_default();
        // Read again and not remembered: only a clean report makes what `submit` takes, also after a restart.
        let report = reading::read(&self.plugin, &self.context(None)?, &self.task, code).await?;
        let Some(validated) = report.validated else {
            return self.end(RunState::Rejected, "rejected", "the plugin now refuses the code it accepted").await;
        };
        match answer(self.plugin.submit(&cx, &self.task, &validated, &attempt).await)? {
            Ok(ticket) => {
                self.write(Step { state: Some(RunState::Running), ticket: Some(ticket), ..Step::default() }).await
            }
            Err(no) => self.refused(no).await,
        }
    }

    async fn poll(&self) -> Result<Next, Error> {
        let attempt = self.attempt()?;
        let cx = self.context(Some(&attempt))?;
        let ticket = self.row.ticket.as_deref().unwrap_or_default();
        let limit = i64::from(self.row.request.timeout_seconds) * 1000 + GRACE_MS;
        let overdue = self.row.submitted_at.is_some_and(|since| now_ms() - since > limit);
        if self.row.cancel_requested || overdue {
            self.plugin.cancel(&cx, &attempt, ticket).await?;
        }
        let progress = match answer(self.plugin.poll(&cx, &attempt, ticket).await)? {
            Ok(progress) => progress,
            Err(no) => return self.refused(no).await,
        };
        match progress.phase {
            Phase::Queued | Phase::Running if overdue => {
                self.end(RunState::TimedOut, "timed-out", "the engine did not end the program at its time limit").await
            }
            Phase::Queued | Phase::Running => {
                Ok(Next::After(Duration::from_millis(progress.poll_after_ms.into()).clamp(MIN_POLL, MAX_POLL)))
            }
            Phase::Succeeded | Phase::Failed | Phase::Cancelled => {
                let entries = vec![("progress", json!({ "detail": progress.detail }))];
                self.write(Step { state: Some(RunState::Collecting), entries, ..Step::default() }).await
            }
        }
    }

    async fn collect(&self) -> Result<Next, Error> {
        let attempt = self.attempt()?;
        let ticket = self.row.ticket.as_deref().unwrap_or_default();
        let outcome = match answer(self.plugin.fetch(&self.context(Some(&attempt))?, &attempt, ticket).await)? {
            Ok(outcome) => outcome,
            Err(no) => return self.refused(no).await,
        };
        let (state, problem) = match &outcome.failure {
            None => (RunState::Succeeded, None),
            Some(failure) => {
                let (state, problem) = ended_by(failure, self.row.cancel_requested);
                (state, Some(problem))
            }
        };
        let failure = outcome.failure.clone();
        self.write(Step { state: Some(state), outcome: Some(outcome), failure, problem, ..Step::default() }).await
    }

    async fn clear(&self, prefix: &str) -> Result<(), Error> {
        let prefix: capabilities::ObjectUri = prefix.parse()?;
        loop {
            let page = self.engine.objects.list(&prefix, None).await?;
            for entry in &page.entries {
                self.engine.objects.delete(&entry.uri).await?;
            }
            if page.next.is_none() {
                return Ok(());
            }
        }
    }

    async fn refused(&self, no: No) -> Result<Next, Error> {
        self.end(no.state, no.kind, &no.detail).await
    }

    async fn end(&self, state: RunState, kind: &str, detail: &str) -> Result<Next, Error> {
        let problem = Problem { kind: kind.to_owned(), detail: detail.to_owned() };
        self.write(Step { state: Some(state), problem: Some(problem), ..Step::default() }).await
    }

    async fn write(&self, step: Step) -> Result<Next, Error> {
        self.engine.store.step(self.row.id, self.row.state, step).await?;
        Ok(Next::Now)
    }

    fn attempt(&self) -> Result<Attempt, capabilities::Error> {
        attempt_of(&self.engine.places, &self.row)
    }

    fn context(&self, attempt: Option<&Attempt>) -> Result<capabilities::CallContext, capabilities::Error> {
        context_of(&self.row, self.plugin.digest(), attempt)
    }
}

const MIN_POLL: Duration = Duration::from_millis(50);

/// The task as the plugin sees it: after `plan`, with the platform that was chosen.
fn planned(row: &RunRow) -> Task {
    let mut task = row.request.task.clone();
    if let Some(plan) = &row.plan {
        task.platform = Some(plan.platform.clone());
    }
    task
}

fn attempt_row(number: u32, code: String, author: &str, notes: Vec<String>) -> AttemptRow {
    let sha256 = hex::encode(Sha256::digest(code.as_bytes()));
    let (findings, digest, failure) = (None, None, None);
    AttemptRow { number, code, sha256, author: author.to_owned(), notes, findings, digest, failure, created_at: 0 }
}

fn earlier(attempt: AttemptRow) -> Earlier {
    Earlier { code: attempt.code, findings: attempt.findings.unwrap_or_default(), failure: attempt.failure }
}

/// How a program that failed ended its run.
fn ended_by(failure: &EngineError, cancel_requested: bool) -> (RunState, Problem) {
    let (state, kind) = match failure.kind.as_str() {
        _ if cancel_requested => (RunState::Cancelled, "cancelled"),
        "time" => (RunState::TimedOut, "timed-out"),
        "lost" => (RunState::Failed, "engine-lost"),
        _ => (RunState::Failed, "program-failed"),
    };
    let place = failure.line.map(|line| format!(" in line {line}")).unwrap_or_default();
    let detail = format!("{}{place}: {}", failure.kind, failure.message);
    (state, Problem { kind: kind.to_owned(), detail })
}

/// What a plugin says when it cannot go on.
struct No {
    state: RunState,
    kind: &'static str,
    detail: String,
}

/// Tells a plugin's considered *no*, which ends the run, from a call that failed.
fn answer<T>(result: Result<T, runtime::Error>) -> Result<Result<T, No>, Error> {
    let error = match result {
        Ok(value) => return Ok(Ok(value)),
        Err(error) => Error::Plugin(error),
    };
    let (state, kind) = match &error {
        Error::Plugin(runtime::Error::Failed(failure)) if !error.is_passing() => match failure {
            Failure::Unsupported(_) => (RunState::Rejected, "unsupported"),
            Failure::Rejected(_) => (RunState::Rejected, "rejected"),
            Failure::Host(HostError::Unconfigured(_)) => (RunState::Rejected, "unconfigured"),
            Failure::Host(HostError::NotFound(_)) => (RunState::Failed, "not-found"),
            Failure::Host(_) => (RunState::Failed, "host-failed"),
            Failure::Lost(_) => (RunState::Failed, "engine-lost"),
        },
        _ => return Err(error),
    };
    Ok(Err(No { state, kind, detail: error.to_string() }))
}
