//! From a component in the store to a plugin in memory.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use bytes::Bytes;
use enginehouse_capabilities::{Grants, Interface};
use enginehouse_runtime::{Generation, LoadError, Plugin, PluginConfig};
use tokio::sync::{mpsc, oneshot};

use super::{
    Error, Failure, Result,
    loader::{Loader, Tried, whole},
};
use crate::{
    config::Framework,
    store::{GenerationRow, Pin, now_ms},
};

/// A generation that is wanted for a run.
#[derive(Debug)]
pub(super) struct TakeUp {
    pub(super) framework: String,
    pub(super) pin: Pin,
    pub(super) reply: oneshot::Sender<Result<Arc<Generation>>>,
}

impl Loader {
    /// Takes up generations for runs, until nobody can want any: beside the loader's own task, since an activation may take
    /// minutes and runs must not wait for it.
    pub(super) async fn take_up_all(self: Arc<Self>, mut wanted: mpsc::Receiver<TakeUp>) {
        while let Some(TakeUp { framework, pin, reply }) = wanted.recv().await {
            // Whoever asked may have gone.
            whole(async { drop(reply.send(self.take_up(&framework, &pin).await)) }).await;
        }
    }

    /// A generation that runs are pinned to and that is not in memory.
    async fn take_up(&self, framework: &str, pin: &Pin) -> Result<Arc<Generation>> {
        // Another run may have asked for it just before.
        if let Some(found) = self.registry.find(framework, pin.generation).filter(|found| found.digest() == pin.digest)
        {
            return Ok(found);
        }
        let row = self.store.generation(framework, pin.generation).await?.filter(|row| row.digest == pin.digest);
        let row = row.ok_or_else(|| {
            let Pin { generation, digest } = pin;
            Error::NotFound(format!("generation {generation} of `{framework}` ({digest}) is not in the store"))
        })?;
        // What it began with it may end with, whoever signs by now.
        let (wasm, _) = self.component(&row.digest).await?;
        let plugin = self.load(framework, &row.digest, wasm, &row.grants, Tried::Before).await?;
        let generation = Arc::new(Generation::new(row.number, plugin));
        self.registry.keep(&generation);
        Ok(generation)
    }

    /// Loads a generation that the store has, where its component may still serve.
    pub(super) async fn load_again(&self, row: &GenerationRow) -> Result<Plugin> {
        let wasm = self.trusted(&row.digest).await?;
        self.load(&row.framework, &row.digest, wasm, &row.grants, Tried::Before).await
    }

    /// Loads a component under what the operator says about its framework.
    pub(super) async fn load(
        &self,
        framework: &str,
        digest: &str,
        wasm: Bytes,
        grants: &BTreeSet<Interface>,
        tried: Tried,
    ) -> Result<Plugin> {
        // What was set for a later version must not keep an earlier one from serving again.
        let config = PluginConfig { lenient: tried == Tried::Before, ..self.plugin_config(framework, grants) };
        let plugin = self.runtime.load(wasm, config).await?;
        if plugin.digest() != digest {
            let text = format!("the store has other bytes under the name of the component {digest}: install it again");
            return Err(Error::Refused(LoadError::Mismatch(text)));
        }
        let described = &plugin.describe().framework;
        if described != framework {
            let text = format!("the component is for the framework `{described}`, not for `{framework}`");
            return Err(Error::Refused(LoadError::Mismatch(text)));
        }
        let platforms: Vec<_> = plugin.describe().platforms.iter().map(|platform| platform.name.as_str()).collect();
        match self.config(framework).stray_platform(&platforms) {
            Some((setting, platform)) if tried == Tried::Anew => Err(Error::Refused(LoadError::Mismatch(format!(
                "the setting `frameworks.{framework}.{setting}.{platform}` is for a platform that the plugin does not have; it has {}",
                platforms.join(", ")
            )))),
            _ => Ok(plugin),
        }
    }

    /// Holds a component against the contract, under the limits that it will have, and with the interfaces that it is granted.
    pub(super) async fn hold_to_contract(
        &self,
        framework: &str,
        wasm: Bytes,
        grants: &BTreeSet<Interface>,
    ) -> Result<()> {
        let mut config = self.plugin_config(framework, grants);
        // What they are narrowed to are the operator's own buckets and names, and the kit's world has others.
        config.grants = Grants { interfaces: config.grants.interfaces, ..Grants::default() };
        let report = enginehouse_conformance::check(&self.runtime, wasm, config).await;
        match report.passed() {
            true => Ok(()),
            false => Err(Error::Fails(Box::new(report))),
        }
    }

    /// The bytes of a component that may serve.
    pub(super) async fn trusted(&self, digest: &str) -> Result<Bytes> {
        let (wasm, signature) = self.component(digest).await?;
        self.trust.check(digest, &wasm, signature.as_deref()).await?;
        Ok(wasm)
    }

    async fn component(&self, digest: &str) -> Result<(Bytes, Option<Vec<u8>>)> {
        let component = self.store.component(digest).await?;
        let gone = || Error::NotFound(format!("the component {digest} is not in the store: install it again"));
        component.map(|(wasm, signature)| (Bytes::from(wasm), signature)).ok_or_else(gone)
    }

    fn plugin_config(&self, framework: &str, grants: &BTreeSet<Interface>) -> PluginConfig {
        let Framework { settings, places, limits, grants: narrowed, .. } = self.config(framework);
        PluginConfig { settings, places, limits: limits.for_runtime(), grants: narrowed.with(grants), lenient: false }
    }

    pub(super) fn publish(&self, number: u32, plugin: Plugin) -> Arc<Generation> {
        let generation = Arc::new(Generation::new(number, plugin));
        let framework = &generation.describe().framework;
        self.registry.activate(&generation);
        tracing::info!(framework, generation = number, digest = generation.digest(), "a plugin serves");
        generation
    }

    pub(super) fn config(&self, framework: &str) -> Framework {
        self.frameworks.get(framework).cloned().unwrap_or_default()
    }

    pub(super) fn succeeded(&self, framework: &str) {
        let mut failures = BTreeMap::clone(&self.failures.load());
        if failures.remove(framework).is_some() {
            self.failures.store(Arc::new(failures));
        }
    }

    pub(super) fn failed(&self, framework: &str, digest: &str, error: &Error) {
        let reason = error.to_string();
        tracing::error!(framework, digest, reason, "a plugin was not activated");
        let mut failures = BTreeMap::clone(&self.failures.load());
        failures.insert(framework.to_owned(), Failure { digest: digest.to_owned(), reason, at: now_ms() });
        self.failures.store(Arc::new(failures));
    }
}
