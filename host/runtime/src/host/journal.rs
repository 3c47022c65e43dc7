//! `journal`: lines in the run's event stream.

use super::View;
use crate::{
    bindings::enginehouse::supervisor::journal::{Host, Level},
    values::cut,
};

/// Notes of one call that are kept.
const MAX_NOTES: usize = 1_000;
const MAX_BYTES: usize = 8 << 10;

impl Host for View {
    async fn note(&mut self, level: Level, message: String) -> wasmtime::Result<()> {
        self.notes = self.notes.saturating_add(1);
        if self.notes <= MAX_NOTES {
            self.capabilities.journal.note(&self.cx, level.into(), cut(&message, MAX_BYTES)).await;
        } else if self.notes == MAX_NOTES + 1 {
            tracing::warn!(framework = self.cx.framework, stage = %self.stage, "a plugin writes too many notes; the rest is dropped");
        }
        Ok(())
    }
}
