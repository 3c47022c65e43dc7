//! The steps of a run: for each state, the one thing to do next.

mod error;
mod work;
mod write;

use std::{sync::Arc, time::Duration};

use enginehouse_capabilities as capabilities;
use enginehouse_runtime::{Attempt, Plugin, Task};
use uuid::Uuid;

use super::{Parts, attempt_of, context_of};
use crate::{
    measure,
    store::{Problem, RunRow, RunState, Step, now_ms},
};

pub(super) use error::Error;
use error::No;

/// How often a call that failed for a passing reason is made where no limit of the run counts meanwhile; at its engine a run
/// has until its limits.
const TRIES: u32 = 6;
/// The same for what is worth a quarter of an hour: results that are there, and a plugin that may be put right.
const MANY: u32 = 35;
/// How long code waits for its approval.
const APPROVAL_MS: i64 = 7 * 24 * 3600 * 1000;
/// An approval that another host took is seen this late.
const APPROVAL_LOOK: Duration = Duration::from_secs(5);

/// What a step says about the next one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Next {
    /// Go on at once.
    Now,
    /// Look again after a while, or when somebody asks for it.
    After(Duration),
    /// The run has ended, or another host drives it.
    Never,
}

/// Takes the next step of a run that `host` drives. `failures` says how often that failed in a row.
///
/// # Errors
/// What is worth trying again after a pause; what is not ends the run.
pub(super) async fn take(parts: &Parts, host: Uuid, run: Uuid, failures: u32) -> Result<Next, Error> {
    let Some(row) = parts.store.run(run).await? else { return Ok(Next::Never) };
    if row.state.is_final() || row.host != Some(host.to_string()) {
        return Ok(Next::Never);
    }
    let error = match step(parts, host, row.clone()).await {
        Ok(next) => return Ok(next),
        // Somebody else wrote first: the row says what now.
        Err(error) if error.is_moved() => return Ok(Next::Now),
        Err(error) => error,
    };
    let within_its_limits = matches!(row.state, RunState::Submitting | RunState::Running) && !work::is_late(&row);
    let tries = if row.state == RunState::Collecting || matches!(error, Error::NoPlugin(_)) { MANY } else { TRIES };
    if error.is_the_stores() || (error.is_passing() && (within_its_limits || failures + 1 < tries)) {
        return Err(error);
    }
    give_up(parts, host, row, &error).await
}

async fn step(parts: &Parts, host: Uuid, row: RunRow) -> Result<Next, Error> {
    if row.cancel_requested && !has_work(row.state) {
        let problem = Problem { kind: "cancelled".to_owned(), detail: "cancelled".to_owned() };
        return finish(parts, host, &row, RunState::Cancelled, problem).await;
    }
    let step = Steps::of(parts, host, row)?;
    match step.row.state {
        RunState::Queued => step.plan().await,
        RunState::Generating => step.generate().await,
        RunState::Validating => step.validate().await,
        RunState::AwaitingApproval => step.look_for_approval().await,
        RunState::Submitting => step.submit().await,
        RunState::Running => step.poll().await,
        RunState::Collecting => step.collect().await,
        _ => Ok(Next::Never),
    }
}

/// Whether the engine may have something of the run's.
fn has_work(state: RunState) -> bool {
    matches!(state, RunState::Submitting | RunState::Running | RunState::Collecting)
}

/// Ends a run whose step cannot be taken, and what it may have at its engine.
async fn give_up(parts: &Parts, host: Uuid, row: RunRow, error: &Error) -> Result<Next, Error> {
    let mut detail = error.to_string();
    if has_work(row.state)
        && let Err(error) = abandon(parts, host, row.clone()).await
    {
        tracing::error!(run = %row.id, %error, "the work of a run that is given up could not be ended");
        detail = format!("{detail}; its work at the engine could not be ended ({error}): look there for it");
    }
    let problem = Problem { kind: error.kind().to_owned(), detail };
    finish(parts, host, &row, RunState::Failed, problem).await
}

/// Ends a run for which no plugin is needed.
async fn finish(parts: &Parts, host: Uuid, row: &RunRow, state: RunState, problem: Problem) -> Result<Next, Error> {
    let step = Step { state: Some(state), problem: Some(problem), ..Step::default() };
    parts.store.step(row.id, host, row.state, step).await?;
    measure::ended(&row.framework, state);
    parts.events.ring(row.id);
    Ok(Next::Never)
}

async fn abandon(parts: &Parts, host: Uuid, row: RunRow) -> Result<(), Error> {
    let step = Steps::of(parts, host, row)?;
    let attempt = step.attempt()?;
    let ticket = step.row.ticket.as_deref().unwrap_or_default();
    Ok(step.plugin.cancel(&step.context(Some(&attempt))?, &attempt, ticket).await?)
}

/// A run at the point where a step is to be taken.
struct Steps<'a> {
    parts: &'a Parts,
    host: Uuid,
    plugin: Arc<Plugin>,
    task: Task,
    row: RunRow,
}

impl<'a> Steps<'a> {
    fn of(parts: &'a Parts, host: Uuid, row: RunRow) -> Result<Self, Error> {
        let plugin = parts.plugins.get(&row.framework).ok_or_else(|| Error::NoPlugin(row.framework.clone()))?;
        Ok(Self { parts, host, plugin, task: planned(&row), row })
    }

    async fn look_for_approval(&self) -> Result<Next, Error> {
        let attempts = self.parts.store.attempts(self.row.id).await?;
        if attempts.last().is_some_and(|last| Some(&last.sha256) == self.row.approved.as_ref()) {
            return self.begin_work(Step::default()).await;
        }
        if attempts.last().is_some_and(|last| now_ms() - last.created_at > APPROVAL_MS) {
            return self.end(RunState::TimedOut, "timed-out", "nobody approved the code within seven days").await;
        }
        Ok(Next::After(APPROVAL_LOOK))
    }

    /// Ends the run, and what its engine may have of it.
    async fn refused(&self, no: No) -> Result<Next, Error> {
        if has_work(self.row.state)
            && let Err(error) = abandon(self.parts, self.host, self.row.clone()).await
        {
            tracing::warn!(run = %self.row.id, %error, "the work of a run that was refused could not be ended");
        }
        self.end(no.state, no.kind, &no.detail).await
    }

    async fn end(&self, state: RunState, kind: &str, detail: &str) -> Result<Next, Error> {
        let problem = Problem { kind: kind.to_owned(), detail: detail.to_owned() };
        self.write(Step { state: Some(state), problem: Some(problem), ..Step::default() }).await
    }

    async fn write(&self, step: Step) -> Result<Next, Error> {
        let state = step.state.unwrap_or(self.row.state);
        self.parts.store.step(self.row.id, self.host, self.row.state, step).await?;
        self.parts.events.ring(self.row.id);
        if state.is_final() {
            measure::ended(&self.row.framework, state);
            return Ok(Next::Never);
        }
        Ok(Next::Now)
    }

    fn attempt(&self) -> Result<Attempt, capabilities::Error> {
        attempt_of(&self.parts.places, &self.row)
    }

    fn context(&self, attempt: Option<&Attempt>) -> Result<capabilities::CallContext, capabilities::Error> {
        context_of(&self.row, self.plugin.digest(), attempt)
    }
}

/// The task as the plugin sees it: after `plan`, with the platform that was chosen.
fn planned(row: &RunRow) -> Task {
    let mut task = row.request.task.clone();
    if let Some(plan) = &row.plan {
        task.platform = Some(plan.platform.clone());
    }
    task
}
