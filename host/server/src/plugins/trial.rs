//! A candidate beside the generation that serves: it reads what that reads, takes a share of new runs, and is judged.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use enginehouse_capabilities::CallContext;
use enginehouse_runtime::{Calls, Generation, Report, Task};
use tokio::sync::Semaphore;

use crate::{reading, store::Terms};

/// Readings that are mirrored at once; beyond it some are left out, so that callers never wait for a candidate.
const MIRRORED_AT_ONCE: usize = 4;

/// A candidate on trial.
#[derive(Debug)]
pub struct Trial {
    /// Who is tried out.
    pub candidate: Arc<Generation>,
    /// On which terms.
    pub terms: Terms,
    /// How the calls of the generation that serves went, when it began.
    before: Calls,
    seen: Seen,
    places: Semaphore,
}

#[derive(Debug, Default)]
struct Seen {
    mirrored: AtomicU64,
    failed: AtomicU64,
    changed_findings: AtomicU64,
    changed_verdicts: AtomicU64,
}

/// What a trial has shown so far.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Shown {
    /// Calls of the candidate.
    pub calls: u64,
    /// Those that failed through its own fault.
    pub failed: u64,
    /// Readings that both made.
    pub mirrored: u64,
    /// Those in which their findings differ.
    pub changed_findings: u64,
    /// Those in which one lets the code run and the other does not.
    pub changed_verdicts: u64,
    /// How much longer the candidate takes to read, on average; none before both have read enough.
    pub slowdown: Option<f64>,
}

impl Trial {
    pub(super) fn new(candidate: Arc<Generation>, terms: Terms, serving: Option<&Generation>) -> Self {
        let before = serving.map(|serving| serving.calls()).unwrap_or_default();
        Self { candidate, terms, before, seen: Seen::default(), places: Semaphore::new(MIRRORED_AT_ONCE) }
    }

    /// Whether a new run is the candidate's, by chance and by its share.
    pub(super) fn takes_a_run(&self) -> bool {
        rand::random_ratio(self.terms.share.min(100).into(), 100)
    }

    /// Has the candidate read what the serving generation has read, in the background.
    pub(super) fn mirror(self: &Arc<Self>, cx: &CallContext, task: &Task, code: &str, report: &Report) {
        let this = Arc::clone(self);
        let (cx, task, code, report) = (cx.clone(), task.clone(), code.to_owned(), report.clone());
        tokio::spawn(async move {
            let Ok(_place) = this.places.try_acquire() else { return };
            let add = |counter: &AtomicU64| {
                counter.fetch_add(1, Ordering::Relaxed);
            };
            match reading::read(&this.candidate, &cx, &task, &code).await {
                Ok(own) => {
                    if own.findings != report.findings {
                        add(&this.seen.changed_findings);
                    }
                    if own.validated.is_some() != report.validated.is_some() {
                        add(&this.seen.changed_verdicts);
                    }
                }
                // A busy host says nothing of the candidate.
                Err(enginehouse_runtime::Error::Busy(_)) => return,
                Err(_) => add(&this.seen.failed),
            }
            add(&this.seen.mirrored);
        });
    }

    /// What it has shown, beside the generation that serves.
    pub fn shown(&self, serving: Option<&Generation>) -> Shown {
        let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let own = self.candidate.calls();
        let serving = serving.map(|serving| since(serving.calls(), self.before)).unwrap_or_default();
        let enough = own.validated.min(serving.validated) >= self.terms.min_calls;
        Shown {
            calls: own.all,
            // Falls are counted in all calls, and what the contract forbids in those that were mirrored.
            failed: own.fell.max(count(&self.seen.failed)),
            mirrored: count(&self.seen.mirrored),
            changed_findings: count(&self.seen.changed_findings),
            changed_verdicts: count(&self.seen.changed_verdicts),
            slowdown: mean(own).zip(mean(serving)).filter(|_| enough).map(|(own, serving)| own / serving),
        }
    }

    /// Why the trial has to end; none while it may go on.
    pub(super) fn fault(&self, serving: Option<&Generation>) -> Option<String> {
        let (terms, shown) = (&self.terms, self.shown(serving));
        let beyond = |some: u64, of: u64, most: f64| of >= terms.min_calls.max(1) && some as f64 > most * of as f64;
        if beyond(shown.failed, shown.calls, terms.max_failures) {
            let Shown { failed, calls, .. } = shown;
            return Some(format!("{failed} of {calls} calls failed, more than `max_failures`, {}", terms.max_failures));
        }
        if beyond(shown.changed_verdicts, shown.mirrored, terms.max_changed) {
            let Shown { changed_verdicts, mirrored, .. } = shown;
            let most = terms.max_changed;
            return Some(format!("{changed_verdicts} of {mirrored} verdicts changed, more than `max_changed`, {most}"));
        }
        let slowdown = shown.slowdown.filter(|slowdown| *slowdown > terms.max_slowdown)?;
        Some(format!("it takes {slowdown:.1} × as long to read, more than `max_slowdown`, {}", terms.max_slowdown))
    }
}

fn since(now: Calls, before: Calls) -> Calls {
    // Another generation may serve by now, which counts from its own beginning.
    if now.all < before.all {
        return now;
    }
    Calls {
        all: now.all - before.all,
        fell: now.fell.saturating_sub(before.fell),
        validated: now.validated.saturating_sub(before.validated),
        validating: now.validating.saturating_sub(before.validating),
    }
}

fn mean(calls: Calls) -> Option<f64> {
    let Calls { validated, validating, .. } = calls;
    (validated > 0 && validating > Duration::ZERO).then(|| validating.as_secs_f64() / validated as f64)
}
