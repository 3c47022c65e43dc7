//! The steps of a run: for each state, the one thing to do next.

mod error;
mod follow;
mod work;
mod write;

use std::{panic::AssertUnwindSafe, sync::Arc, time::Duration};

use enginehouse_capabilities as capabilities;
use enginehouse_runtime::{Attempt, Generation, Task};
use futures::FutureExt as _;
use tokio::sync::OnceCell;
use tracing::{Instrument as _, field::Empty, info_span};
use uuid::Uuid;

use super::{Parts, attempt_of, context_of};
use crate::{
    measure,
    store::{self, Problem, RunRow, RunState, Step, now_ms},
    telemetry::trace,
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

/// The generation that a run is pinned to, once it was needed.
pub(super) type Pinned = Arc<OnceCell<Arc<Generation>>>;

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
pub(super) async fn take(parts: &Parts, host: Uuid, run: Uuid, failures: u32, pinned: &Pinned) -> Result<Next, Error> {
    let row = match parts.store.run(run).await {
        Ok(Some(row)) => row,
        Ok(None) => return Ok(Next::Never),
        Err(error @ store::Error::Record(_)) => return condemn(parts, host, run, &error).await,
        Err(error) => return Err(error.into()),
    };
    if row.state.is_final() || row.host != Some(host.to_string()) {
        return Ok(Next::Never);
    }
    let (framework, state) = (row.framework.as_str(), row.state.as_str());
    let span = info_span!("step", otel.name = format!("step {state}"), %run, framework, state, trace_id = Empty);
    trace::continue_run(&span, &row);
    attempt_step(parts, host, row, failures, pinned).instrument(span).await
}

async fn attempt_step(parts: &Parts, host: Uuid, row: RunRow, failures: u32, pinned: &Pinned) -> Result<Next, Error> {
    // Caught here and not where the task ends: a step that always falls over must end its run like others that fail.
    let taken = AssertUnwindSafe(step(parts, host, row.clone(), pinned)).catch_unwind().await;
    let error = match taken.unwrap_or(Err(Error::FellOver)) {
        Ok(next) => return Ok(next),
        // Somebody else wrote first: the row says what now.
        Err(error) if error.is_moved() => return Ok(Next::Now),
        Err(error) => error,
    };
    let within_its_limits = matches!(row.state, RunState::Submitting | RunState::Running) && !work::is_late(&row);
    let tries = if row.state == RunState::Collecting || matches!(error, Error::NoPlugin(_)) { MANY } else { TRIES };
    let patient = within_its_limits && !matches!(error, Error::FellOver);
    if error.is_the_stores() || (error.is_passing() && (patient || failures + 1 < tries)) {
        return Err(error);
    }
    give_up(parts, host, row, pinned, &error).await
}

async fn step(parts: &Parts, host: Uuid, row: RunRow, pinned: &Pinned) -> Result<Next, Error> {
    if row.cancel_requested && !has_work(row.state) {
        let problem = Problem { kind: "cancelled".to_owned(), detail: "cancelled".to_owned() };
        return write(parts, host, &row, ending(RunState::Cancelled, problem)).await;
    }
    let step = Steps::of(parts, host, row, pinned).await?;
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
async fn give_up(parts: &Parts, host: Uuid, row: RunRow, pinned: &Pinned, error: &Error) -> Result<Next, Error> {
    let mut detail = error.to_string();
    if has_work(row.state) {
        let abandoned = async {
            let step = Steps::of(parts, host, row.clone(), pinned).await?;
            step.abandon().await?;
            step.follow_to_the_end().await
        };
        // What fells the step may fell this as well.
        let abandoned = AssertUnwindSafe(abandoned).catch_unwind().await;
        if let Err(error) = abandoned.unwrap_or(Err(Error::FellOver)) {
            tracing::error!(run = %row.id, kind = error.kind(), "the work of a run that is given up could not be ended");
            detail = format!("{detail}; its work at the engine could not be ended ({error}): look there for it");
        }
    }
    let problem = Problem { kind: error.kind().to_owned(), detail };
    write(parts, host, &row, ending(RunState::Failed, problem)).await
}

/// Ends a run whose row cannot be read.
async fn condemn(parts: &Parts, host: Uuid, run: Uuid, error: &store::Error) -> Result<Next, Error> {
    tracing::error!(%run, %error, "a run cannot be read and is ended");
    let detail = format!("{error}; what it may have at its engine goes on: look there for it");
    let problem = Problem { kind: "host-failed".to_owned(), detail };
    match parts.store.condemn(run, host, &problem).await {
        Ok(()) | Err(store::Error::Moved(_)) => Ok(Next::Never),
        Err(error) => Err(error.into()),
    }
}

fn ending(state: RunState, problem: Problem) -> Step {
    Step { state: Some(state), problem: Some(problem), ..Step::default() }
}

/// Writes a step and tells those who watch the run.
async fn write(parts: &Parts, host: Uuid, row: &RunRow, step: Step) -> Result<Next, Error> {
    let state = step.state.unwrap_or(row.state);
    let problem = step.problem.clone();
    parts.store.step(row.id, host, row.state, step).await?;
    parts.events.ring(row.id);
    if state.is_final() {
        measure::ended(&row.framework, state);
        trace::run_ended(row, state, problem.as_ref());
        return Ok(Next::Never);
    }
    Ok(Next::Now)
}

/// A run at the point where a step is to be taken.
struct Steps<'a> {
    parts: &'a Parts,
    host: Uuid,
    plugin: Arc<Generation>,
    task: Task,
    row: RunRow,
}

impl<'a> Steps<'a> {
    async fn of(parts: &'a Parts, host: Uuid, row: RunRow, pinned: &Pinned) -> Result<Self, Error> {
        let load = || parts.plugins.pinned(&row.framework, row.pin.as_ref());
        let plugin = Arc::clone(pinned.get_or_try_init(load).await?);
        Ok(Self { parts, host, plugin, task: planned(&row), row })
    }

    async fn look_for_approval(&self) -> Result<Next, Error> {
        if let Some(approved) = &self.row.approved
            && self.parts.store.last_code(self.row.id).await?.is_some_and(|(_, sha256)| sha256 == *approved)
        {
            return self.begin_work(Step::default()).await;
        }
        // Writing and reading the code took minutes at most: its start is near enough.
        if self.row.started_at.is_some_and(|since| now_ms() - since > APPROVAL_MS) {
            return self.end(RunState::TimedOut, "timed-out", "nobody approved the code within seven days").await;
        }
        Ok(Next::After(APPROVAL_LOOK))
    }

    /// Ends the run, and what its engine may have of it.
    async fn refused(&self, no: No) -> Result<Next, Error> {
        if has_work(self.row.state) {
            if let Err(error) = self.abandon().await {
                let (run, kind) = (self.row.id, error.kind());
                tracing::warn!(%run, kind, "the work of a run that was refused could not be ended");
            }
            self.follow_to_the_end().await?;
        }
        self.end(no.state, no.kind, &no.detail).await
    }

    /// Ends what the engine may have of the run.
    async fn abandon(&self) -> Result<(), Error> {
        self.hold().await?;
        let attempt = self.attempt()?;
        let ticket = self.row.ticket.as_deref().unwrap_or_default();
        Ok(self.plugin.cancel(&self.context(Some(&attempt))?, &attempt, ticket).await?)
    }

    /// Makes sure that the run is still this host's, before an effect that no write can take back: whoever stood still for
    /// longer than a lease finds out here.
    async fn hold(&self) -> Result<(), Error> {
        Ok(self.parts.store.holds(self.row.id, self.host, self.row.state).await?)
    }

    async fn end(&self, state: RunState, kind: &str, detail: &str) -> Result<Next, Error> {
        self.write(ending(state, Problem { kind: kind.to_owned(), detail: detail.to_owned() })).await
    }

    async fn write(&self, step: Step) -> Result<Next, Error> {
        write(self.parts, self.host, &self.row, step).await
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
