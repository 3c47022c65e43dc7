//! The plugins by framework.

use std::{collections::BTreeMap, sync::Arc};

use arc_swap::ArcSwap;
use bytes::Bytes;
use futures::future::join_all;

use crate::{Description, Plugin, PluginConfig, Runtime};

/// A plugin to load.
#[derive(Debug, Clone)]
pub struct PluginSource {
    /// What operators call it.
    pub name: String,
    /// The component.
    pub wasm: Bytes,
    /// Its settings and limits.
    pub config: PluginConfig,
}

/// How a plugin stands.
#[derive(Debug, Clone, PartialEq)]
pub struct PluginStatus {
    /// What operators call it.
    pub name: String,
    /// Whether it serves.
    pub state: PluginState,
}

/// Whether a plugin serves.
#[derive(Debug, Clone, PartialEq)]
pub enum PluginState {
    /// It answers for its framework.
    Serving {
        /// What it says of itself.
        description: Box<Description>,
        /// SHA-256 of the component, in hex.
        digest: String,
    },
    /// It does not; the others do.
    Failed {
        /// Why, and what to do.
        reason: String,
    },
}

/// The plugins that serve, by framework, and those that do not. A reader takes one pointer and is never in the way of a
/// change.
#[derive(Debug)]
pub struct Registry {
    set: ArcSwap<Set>,
}

#[derive(Debug, Default)]
struct Set {
    serving: BTreeMap<String, Arc<Plugin>>,
    statuses: Vec<PluginStatus>,
}

impl Registry {
    /// Loads all at once. One that fails leaves the others serving, and its status says why; of two for one framework the
    /// first serves.
    pub async fn load(runtime: &Runtime, sources: Vec<PluginSource>) -> Self {
        let loading = sources.into_iter().map(async |PluginSource { name, wasm, config }| {
            let loaded = runtime.load(wasm, config).await.map_err(|error| error.to_string());
            (name, loaded)
        });
        let mut set = Set::default();
        for (name, loaded) in join_all(loading).await {
            let state = loaded.and_then(|plugin| set.admit(plugin)).unwrap_or_else(|reason| {
                tracing::error!(plugin = name, reason, "a plugin was not loaded");
                PluginState::Failed { reason }
            });
            set.statuses.push(PluginStatus { name, state });
        }
        Self { set: ArcSwap::from_pointee(set) }
    }

    /// The plugin that serves a framework. Calls keep the one they began with.
    pub fn get(&self, framework: &str) -> Option<Arc<Plugin>> {
        self.set.load().serving.get(framework).cloned()
    }

    /// All that serve, by framework.
    pub fn serving(&self) -> Vec<Arc<Plugin>> {
        self.set.load().serving.values().cloned().collect()
    }

    /// How each plugin stands, in the order in which they were named.
    pub fn statuses(&self) -> Vec<PluginStatus> {
        self.set.load().statuses.clone()
    }
}

impl Set {
    fn admit(&mut self, plugin: Plugin) -> Result<PluginState, String> {
        let description = Box::new(plugin.describe().clone());
        let framework = &description.framework;
        if self.serving.contains_key(framework) {
            return Err(format!("another plugin serves `{framework}` already; remove one of the two"));
        }
        let digest = plugin.digest().to_owned();
        self.serving.insert(framework.clone(), Arc::new(plugin));
        Ok(PluginState::Serving { description, digest })
    }
}
