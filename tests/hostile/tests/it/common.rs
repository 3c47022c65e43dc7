//! What the scenes share.

use enginehouse_runtime::{Limits, Plugin, PluginConfig, ValidatedCode};

pub(crate) use crate::scope::{inside, outside, task};

pub(crate) fn limited(limits: Limits) -> PluginConfig {
    PluginConfig { limits, ..PluginConfig::default() }
}

/// Code that the plugin found clean.
pub(crate) async fn clean(plugin: &Plugin) -> ValidatedCode {
    plugin.validate(&outside(), &task(), "").await.unwrap().validated.unwrap()
}
