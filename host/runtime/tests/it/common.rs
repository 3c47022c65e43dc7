//! What the tests share.

use std::{sync::Arc, time::Duration};

use enginehouse_runtime::{Plugin, PluginConfig, Runtime};

pub(crate) use crate::scope::{inside, outside, task};
use crate::{guest::Guest, recorder::Recorder};

/// A runtime that keeps nothing, and what its plugins do.
pub(crate) fn runtime() -> (Runtime, Arc<Recorder>) {
    let recorder = Arc::new(Recorder { thinking: Duration::from_secs(60), ..Recorder::default() });
    (Runtime::new(None, None, recorder.capabilities()).unwrap(), recorder)
}

/// A plugin with the limits that a test wants.
pub(crate) async fn plugin(guest: Guest, config: PluginConfig) -> Plugin {
    runtime().0.load(guest.wasm().into(), config).await.unwrap()
}
