//! `settings`: what the operator set for this plugin.

use super::View;
use crate::bindings::enginehouse::supervisor::settings::Host;

impl Host for View {
    async fn get(&mut self, key: String) -> wasmtime::Result<Option<String>> {
        Ok(self.own.settings.get(&key).cloned())
    }
}
