//! What the program prints, taken over while it runs.

use enginehouse_capabilities::CallContext;
use enginehouse_runtime::Attempt;

use super::{Error, Steps};
use crate::store::{LogPiece, now_ms};

/// Pieces of 256 KiB at most that are taken over at one look at a program that runs, so that one who prints much does not keep
/// the others waiting.
pub(super) const AT_A_LOOK: usize = 4;
/// The same once it has ended: the first and the last 8 MiB of both outputs, which is what engines keep.
const AT_THE_END: usize = 140;

/// From when on a program counts as silent.
const SILENT_MS: i64 = 10_000;

/// What a look at a program's log gave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Followed {
    /// There was something new.
    Heard,
    /// There was nothing.
    Silent,
    /// It could not be read, or not to the end; what there was is kept.
    Unreadable,
}

impl Steps<'_> {
    /// Takes over what was printed since the last look, at most so many pieces. A log that cannot be read ends no run.
    pub(super) async fn follow(&self, cx: &CallContext, attempt: &Attempt, most: usize) -> Result<Followed, Error> {
        let ticket = self.row.ticket.as_deref().unwrap_or_default();
        let (store, run) = (&self.parts.store, self.row.id);
        let mut next = self.row.log_next;
        let mut heard = Followed::Silent;
        for _ in 0..most {
            let Ok(chunk) = self.plugin.log(cx, attempt, ticket, next).await else {
                tracing::debug!(%run, "the log of a program cannot be read");
                return Ok(Followed::Unreadable);
            };
            if chunk.next == next {
                break;
            }
            if !chunk.text.is_empty() {
                heard = Followed::Heard;
            }
            let piece = LogPiece { text: chunk.text, next: chunk.next, dropped: chunk.dropped };
            store.add_log(run, self.host, self.row.state, next, piece).await?;
            next = chunk.next;
            if chunk.end {
                break;
            }
        }
        Ok(heard)
    }

    /// The same to the end, for a run that goes no further; what could not be read is left out.
    pub(super) async fn follow_to_the_end(&self) -> Result<Followed, Error> {
        if self.row.ticket.is_none() {
            return Ok(Followed::Silent);
        }
        let attempt = self.attempt()?;
        self.follow(&self.context(Some(&attempt))?, &attempt, AT_THE_END).await
    }

    /// Whether to ask for what the program printed. One that has been silent for a while is asked at one look in eight, by
    /// chance: asking costs more than the look itself, and most programs print in bursts.
    pub(super) fn is_worth_a_look(&self) -> bool {
        self.silence_ms() < SILENT_MS || self.is_idle() || rand::random_ratio(1, 8)
    }

    /// Whether the program has printed nothing for longer than it may.
    pub(super) fn is_idle(&self) -> bool {
        self.row.request.idle_seconds.is_some_and(|seconds| self.silence_ms() > i64::from(seconds) * 1000)
    }

    fn silence_ms(&self) -> i64 {
        self.row.heard_at.map_or(0, |heard| now_ms() - heard)
    }
}
