//! What the program prints, taken over while it runs.

use enginehouse_capabilities::CallContext;
use enginehouse_runtime::Attempt;
use serde_json::json;

use super::{Error, Steps};
use crate::store::{LogPiece, now_ms};

/// Pieces of 256 KiB at most that are taken over at one look at a program that runs, so that one who prints much does not keep
/// the others waiting.
pub(super) const AT_A_LOOK: usize = 4;
/// The same once it has ended: the first and the last 8 MiB of both outputs, which is what engines keep.
pub(super) const AT_THE_END: usize = 140;

impl Steps<'_> {
    /// Takes over what was printed since the last look, at most so many pieces; whether there was anything. A log that cannot
    /// be read ends no run: the next look tries again, and the last one says that something is missing.
    pub(super) async fn follow(&self, cx: &CallContext, attempt: &Attempt, most: usize) -> Result<bool, Error> {
        let ticket = self.row.ticket.as_deref().unwrap_or_default();
        let (store, run) = (&self.parts.store, self.row.id);
        let mut next = self.row.log_next;
        for _ in 0..most {
            let chunk = match self.plugin.log(cx, attempt, ticket, next).await {
                Ok(chunk) => chunk,
                Err(error) => {
                    tracing::debug!(%run, %error, "the log of a program cannot be read");
                    if most == AT_THE_END {
                        let message = "the end of the program's log could not be read";
                        store.append(run, "note", &json!({ "level": "warn", "message": message })).await?;
                    }
                    break;
                }
            };
            if chunk.next == next || (chunk.text.is_empty() && chunk.dropped == 0) {
                break;
            }
            let piece = LogPiece { text: chunk.text, next: chunk.next, dropped: chunk.dropped };
            store.add_log(run, self.host, self.row.state, next, piece).await?;
            next = chunk.next;
            if chunk.end {
                break;
            }
        }
        Ok(next != self.row.log_next)
    }

    /// Whether the program has printed nothing for longer than it may.
    pub(super) fn is_idle(&self) -> bool {
        let limit = self.row.request.idle_seconds.map(|seconds| i64::from(seconds) * 1000);
        let heard = self.row.heard_at.or(self.row.began_at);
        limit.zip(heard).is_some_and(|(limit, heard)| now_ms() - heard > limit)
    }
}
