//! From clean code to results: submit, poll, collect.

use std::time::Duration;

use enginehouse_runtime::{EngineError, Phase};
use serde_json::json;

use super::{
    Error, Next, Steps,
    error::{answer, ended_by},
    follow::{AT_A_LOOK, Followed},
};
use crate::{
    clear::clear,
    reading,
    store::{self, DayCap, Problem, RunRow, RunState, Step, now_ms},
};

/// The engine ends a program at its limit; only when it has not by then does the host.
const GRACE_MS: i64 = 30_000;
/// An engine is asked at most and at least this often.
const MIN_POLL: Duration = Duration::from_millis(20);
const MAX_POLL: Duration = Duration::from_secs(10);
/// Who wants to be asked more often than this is, while the wait is short: an end is seen late by a twentieth of it at most.
const STEADY_POLL: Duration = Duration::from_millis(300);

/// Whether a run at its engine is over the limit that counts: for the queue until its program begins, then for the program.
pub(super) fn is_late(row: &RunRow) -> bool {
    let request = &row.request;
    let over = |since: Option<i64>, limit: i64| since.is_some_and(|since| now_ms() - since > limit);
    match row.began_at {
        None => over(row.submitted_at, i64::from(request.queue_seconds) * 1000),
        began => over(began, i64::from(request.run_seconds) * 1000 + GRACE_MS),
    }
}

/// When to ask an engine again that wants to be asked after `asked`.
fn pause(asked: Duration, waited: Duration) -> Duration {
    asked.max(STEADY_POLL.min(waited / 20)).clamp(MIN_POLL, MAX_POLL)
}

impl Steps<'_> {
    /// Goes on to the engine with clean code.
    pub(super) async fn begin_work(&self, step: Step) -> Result<Next, Error> {
        // Before anything is cleared: a run that is refused leaves all as it is.
        if let Some(problem) = self.over_day_cap().await? {
            return self.write(Step { state: Some(RunState::Rejected), problem: Some(problem), ..step }).await;
        }
        if self.row.request.overwrite {
            self.hold().await?;
            // Before `submitting`, which may be taken twice: the second time results could be there already.
            clear(self.parts.objects.as_ref(), &self.attempt()?.output.parse()?).await?;
        }
        self.write(Step { state: Some(RunState::Submitting), ..step }).await
    }

    /// Counts what the run is expected to cost among what the day's runs do; why it may not go on where that is too much.
    async fn over_day_cap(&self) -> Result<Option<Problem>, Error> {
        let cap = self.parts.prices.per_day.zip(self.row.cost.expected);
        // An attempt that was counted in before a crash is not counted in again.
        let Some((cap, expected)) = cap.filter(|_| self.row.submitted_at.is_none()) else { return Ok(None) };
        match self.write(Step { day_cap: Some(DayCap { cap, expected }), ..Step::default() }).await {
            Err(Error::Store(error @ store::Error::OverDayCap { .. })) => {
                let detail = format!("{error}, the most that `cost.per-day` allows: try again later");
                Ok(Some(Problem { kind: "over-budget".to_owned(), detail }))
            }
            counted => counted.map(|_| None),
        }
    }

    pub(super) async fn submit(&self) -> Result<Next, Error> {
        let attempt = self.attempt()?;
        let cx = self.context(Some(&attempt))?;
        if self.row.cancel_requested {
            self.hold().await?;
            self.plugin.cancel(&cx, &attempt, "").await?;
            return self.end(RunState::Cancelled, "cancelled", "cancelled while it was handed to the engine").await;
        }
        let (code, _) = self.parts.store.last_code(self.row.id).await?.unwrap_or_default();
        // Read again and not remembered: only a clean report makes what `submit` takes, also after a restart.
        let report = reading::read(&self.plugin, &self.context(None)?, &self.task, &code).await?;
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

    pub(super) async fn poll(&self) -> Result<Next, Error> {
        let attempt = self.attempt()?;
        let cx = self.context(Some(&attempt))?;
        let ticket = self.row.ticket.as_deref().unwrap_or_default();
        if self.row.cancel_requested {
            self.hold().await?;
            self.plugin.cancel(&cx, &attempt, ticket).await?;
        }
        let progress = match answer(self.plugin.poll(&cx, &attempt, ticket).await)? {
            Ok(progress) => progress,
            Err(no) => return self.refused(no).await,
        };
        let since = self.row.began_at.or(self.row.submitted_at).map_or(0, |since| now_ms() - since);
        let waited = Duration::from_millis(since.try_into().unwrap_or_default());
        let wait = pause(Duration::from_millis(progress.poll_after_ms.into()), waited);
        match progress.phase {
            // Before anything is late: it may have begun in time while nobody looked.
            Phase::Running if self.row.began_at.is_none() => {
                let entries = vec![("progress", json!({ "phase": "running", "detail": progress.detail }))];
                self.write(Step { began: true, entries, ..Step::default() }).await?;
                Ok(Next::After(wait))
            }
            Phase::Queued | Phase::Running if is_late(&self.row) => self.withdraw(&self.lateness()).await,
            Phase::Running => {
                if !self.is_worth_a_look()
                    || self.follow(&cx, &attempt, AT_A_LOOK).await? != Followed::Silent
                    || !self.is_idle()
                {
                    return Ok(Next::After(wait));
                }
                let limit = self.row.request.idle_seconds.unwrap_or_default();
                let detail = format!("the program was ended: it printed nothing for its `idle_seconds`, {limit}");
                self.withdraw(&detail).await
            }
            Phase::Queued => Ok(Next::After(wait)),
            Phase::Succeeded | Phase::Failed | Phase::Cancelled => {
                let entries = vec![("progress", json!({ "phase": "ended", "detail": progress.detail }))];
                self.write(Step { state: Some(RunState::Collecting), entries, ..Step::default() }).await
            }
        }
    }

    /// Ends a run over one of its limits, and its work first.
    async fn withdraw(&self, detail: &str) -> Result<Next, Error> {
        self.abandon().await?;
        self.follow_to_the_end().await?;
        self.end(RunState::TimedOut, "timed-out", detail).await
    }

    fn lateness(&self) -> String {
        let request = &self.row.request;
        match self.row.began_at {
            None => format!(
                "the engine did not begin the program within its `queue_seconds`, {}; it was withdrawn",
                request.queue_seconds
            ),
            Some(_) => {
                format!("the program was ended: it ran for longer than its `run_seconds`, {}", request.run_seconds)
            }
        }
    }

    pub(super) async fn collect(&self) -> Result<Next, Error> {
        let attempt = self.attempt()?;
        let cx = self.context(Some(&attempt))?;
        let ticket = self.row.ticket.as_deref().unwrap_or_default();
        let followed = self.follow_to_the_end().await?;
        let outcome = match answer(self.plugin.fetch(&cx, &attempt, ticket).await)? {
            Ok(outcome) => outcome,
            Err(no) => return self.refused(no).await,
        };
        let failure = outcome.failure.clone();
        let cost_billed = self.parts.prices.cost(&self.row.framework, &attempt.place.platform, outcome.usage.as_ref());
        let mut step = Step { failure: failure.clone(), outcome: Some(outcome), cost_billed, ..Step::default() };
        if followed == Followed::Unreadable {
            let message = "the end of the program's log could not be read";
            step.entries.push(("note", json!({ "level": "warn", "message": message })));
        }
        match failure {
            None => step.state = Some(RunState::Succeeded),
            // The host's own doing, and a crash before that was written.
            Some(failure) if failure.kind == "cancelled" && !self.row.cancel_requested && is_late(&self.row) => {
                return self.end(RunState::TimedOut, "timed-out", &self.lateness()).await;
            }
            Some(failure) if self.may_mend(&failure).await? => {
                self.hold().await?;
                if self.row.request.task.output.is_none() || self.row.request.overwrite {
                    clear(self.parts.objects.as_ref(), &attempt.output.parse()?).await?;
                }
                let entry = json!({ "number": self.row.attempt, "kind": failure.kind, "message": failure.message });
                step.entries.push(("failed", entry));
                step.state = Some(RunState::Generating);
            }
            Some(failure) => {
                let (state, problem) = ended_by(&failure, self.row.cancel_requested);
                (step.state, step.problem) = (Some(state), Some(problem));
            }
        }
        self.write(step).await
    }

    /// Whether the code may be written anew after the engine failed on it: never a caller's own, and not where it would fail
    /// the same way again.
    async fn may_mend(&self, failure: &EngineError) -> Result<bool, Error> {
        let request = &self.row.request;
        let programs = !matches!(failure.kind.as_str(), "time" | "lost" | "cancelled");
        if request.code.is_some() || !programs || self.row.cancel_requested || self.row.attempt >= request.max_attempts
        {
            return Ok(false);
        }
        let failures = self.parts.store.failures(self.row.id).await?;
        Ok(!failures.iter().any(|old| old.kind == failure.kind && old.message == failure.message))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_waits_are_looked_at_often_and_long_ones_as_the_plugin_says() {
        let ms = Duration::from_millis;
        for (asked, waited, expected) in [
            (20, 0, 20),
            (0, 80, 20),
            (20, 2_000, 100),
            (20, 3_600_000, 300),
            (2_000, 0, 2_000),
            (2_000, 3_600_000, 2_000),
            (60_000, 0, 10_000),
        ] {
            assert_eq!(pause(ms(asked), ms(waited)), ms(expected), "{asked} after {waited}");
        }
    }
}
