//! `settings`: what the operator set for this plugin.

use super::View;
use crate::{Stage, bindings::enginehouse::supervisor::settings::Host};

/// What the names of places begin with.
const PLACES: &str = "places.";

impl Host for View {
    async fn get(&mut self, key: String) -> wasmtime::Result<Option<String>> {
        Ok(match key.strip_prefix(PLACES) {
            // Elsewhere a task tells the places, and seals and reports count on settings alone.
            Some(platform) if self.stage == Stage::Status => self.own.places.get(platform).cloned(),
            _ => self.own.settings.get(&key).cloned(),
        })
    }
}
