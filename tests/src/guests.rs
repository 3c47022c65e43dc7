//! Plugins that tests bring along, from `guests/`.

use bytes::Bytes;
use enginehouse_runtime::{PluginConfig, PluginSource};

/// The environment variable that names one to a server, in the place of the bundled plugin for its framework.
pub const VARIABLE: &str = "ENGINEHOUSE_TEST_GUEST";

/// Its work uses what the prompt says.
pub const METERED: &str = "metered";

/// The one that the environment names, if it does.
pub fn named() -> Vec<PluginSource> {
    let wasm = match std::env::var(VARIABLE).as_deref() {
        Ok(METERED) => include_bytes!(env!("METERED_WASM")).as_slice(),
        _ => return Vec::new(),
    };
    vec![PluginSource { name: "guest".to_owned(), wasm: Bytes::from_static(wasm), config: PluginConfig::default() }]
}
