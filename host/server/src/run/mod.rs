//! The run engine: drives each run through its states, one durable step after another.
//!
//! A run is a row; a step does one thing and writes its outcome and journal entries in one transaction. What was begun
//! before a restart is taken up again from the row: `submit` is called again with the same token, which finds what it
//! started.

mod journal;
mod scope;
mod steps;

use std::{collections::HashSet, sync::Arc, time::Duration};

use enginehouse_runtime::Registry;
use parking_lot::Mutex;
use tokio::sync::Semaphore;
use uuid::Uuid;

use crate::{
    events::Events,
    store::{self, Problem, RunState, Step, Store},
};

pub use journal::StoreJournal;
pub use scope::Places;
pub(crate) use scope::{attempt_of, context_of};

/// How many steps run at once; the rest wait their turn.
const STEPS_AT_ONCE: usize = 32;
/// How often a step that failed for a passing reason is tried again.
const TRIES: u32 = 5;

/// Drives runs. Cheap to clone.
#[derive(Debug, Clone)]
pub struct RunEngine {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    store: Store,
    plugins: Arc<Registry>,
    objects: Arc<dyn enginehouse_capabilities::Objects>,
    events: Events,
    places: Places,
    steps: Semaphore,
    driven: Mutex<HashSet<Uuid>>,
}

/// What a step says about the next one.
enum Next {
    /// Go on at once.
    Now,
    /// Look again after a while, or when the bell rings.
    After(Duration),
}

impl RunEngine {
    /// An engine that drives nothing yet.
    pub fn new(
        store: Store,
        plugins: Arc<Registry>,
        objects: Arc<dyn enginehouse_capabilities::Objects>,
        events: Events,
        places: Places,
    ) -> Self {
        let (steps, driven) = (Semaphore::new(STEPS_AT_ONCE), Mutex::new(HashSet::new()));
        Self { inner: Arc::new(Inner { store, plugins, objects, events, places, steps, driven }) }
    }

    /// Takes up every run that has not ended.
    ///
    /// # Errors
    /// Where the store does not answer.
    pub async fn resume(&self) -> store::Result<usize> {
        let runs = self.inner.store.unfinished().await?;
        for run in &runs {
            self.drive(*run);
        }
        Ok(runs.len())
    }

    /// Drives a run to its end in the background. A run that is driven already is left to its driver.
    pub fn drive(&self, run: Uuid) {
        let inner = Arc::clone(&self.inner);
        if inner.driven.lock().insert(run) {
            tokio::spawn(async move {
                inner.drive(run).await;
                inner.driven.lock().remove(&run);
            });
        }
    }

    /// Notes that a run is to end, and wakes its driver.
    ///
    /// # Errors
    /// Where the store does not answer.
    pub async fn cancel(&self, run: Uuid) -> store::Result<()> {
        self.inner.store.request_cancel(run).await?;
        self.inner.events.ring(run);
        self.drive(run);
        Ok(())
    }

    /// Where local work of a framework goes.
    pub(crate) fn places(&self) -> &Places {
        &self.inner.places
    }
}

impl Inner {
    async fn drive(&self, run: Uuid) {
        let mut failures = 0;
        let mut bell = self.events.listen(run);
        loop {
            let next = match self.step(run).await {
                Ok(Some(next)) => {
                    failures = 0;
                    next
                }
                Ok(None) => return,
                Err(error) => {
                    failures += 1;
                    tracing::warn!(%run, %error, failures, "a step of a run failed");
                    if (!error.is_passing() || failures >= TRIES) && self.give_up(run, &error).await {
                        return;
                    }
                    Next::After(backoff(failures))
                }
            };
            if let Next::After(pause) = next {
                tokio::select! {
                    () = tokio::time::sleep(pause) => {}
                    () = bell.heard() => {}
                }
            }
        }
    }

    /// One step; none where the run has ended.
    async fn step(&self, run: Uuid) -> Result<Option<Next>, steps::Error> {
        let Ok(_turn) = self.steps.acquire().await else { return Ok(None) };
        let Some(row) = self.store.run(run).await? else { return Ok(None) };
        if row.state.is_final() {
            return Ok(None);
        }
        let before = row.state;
        let next = steps::take(self, row).await?;
        if let Some(after) = self.store.run(run).await?
            && after.state != before
        {
            self.events.ring(run);
            if after.state.is_final() {
                return Ok(None);
            }
        }
        Ok(Some(next))
    }

    /// Ends a run whose step cannot be done. Whether that could be written.
    async fn give_up(&self, run: Uuid, error: &steps::Error) -> bool {
        let Ok(Some(row)) = self.store.run(run).await else { return false };
        let problem = Problem { kind: error.kind().to_owned(), detail: error.to_string() };
        if let Err(error) = steps::abandon(self, row.clone()).await {
            tracing::warn!(%run, %error, "the work of a run that is given up could not be ended");
        }
        let step = Step { state: Some(RunState::Failed), problem: Some(problem), ..Step::default() };
        let written = self.store.step(run, row.state, step).await;
        self.events.ring(run);
        written.is_ok()
    }
}

/// Doubles from half a second up to 30, with jitter, so that what failed together is not tried together.
fn backoff(failures: u32) -> Duration {
    let base = Duration::from_millis(500).saturating_mul(2_u32.saturating_pow(failures.min(7)).max(1) / 2);
    base.min(Duration::from_secs(30)).mul_f64(rand::random_range(0.5..1.0))
}
