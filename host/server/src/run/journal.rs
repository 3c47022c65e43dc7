//! Notes of plugins, kept in the journal of the run they are about.

use async_trait::async_trait;
use enginehouse_capabilities::{CallContext, Journal, Level};
use serde_json::json;

use crate::{events::Events, store::Store};

/// Writes notes into the store and rings the bell of their run.
#[derive(Debug)]
pub struct StoreJournal {
    store: Store,
    events: Events,
}

impl StoreJournal {
    /// A journal over this store.
    pub fn new(store: Store, events: Events) -> Self {
        Self { store, events }
    }
}

#[async_trait]
impl Journal for StoreJournal {
    async fn note(&self, cx: &CallContext, level: Level, message: &str) {
        let level = match level {
            Level::Debug => "debug",
            Level::Info => "info",
            Level::Warn => "warn",
            Level::Error => "error",
        };
        let Some(run) = cx.run else {
            tracing::info!(framework = cx.framework, level, note = message, "a plugin wrote a note outside a run");
            return;
        };
        match self.store.append(run, "note", &json!({ "level": level, "message": message })).await {
            Ok(()) => self.events.ring(run),
            Err(error) => tracing::warn!(%run, %error, "a note could not be kept"),
        }
    }
}
