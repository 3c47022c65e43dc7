//! The one task that loads plugins.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use bytes::Bytes;
use enginehouse_capabilities::Interface;
use enginehouse_runtime::{Generation, LoadError, Plugin, PluginConfig, Registry, Runtime};
use tokio::{
    sync::{mpsc, oneshot},
    time::{MissedTickBehavior, interval},
};

use super::{Activation, Error, Failure, Failures, Installed, Result};
use crate::{
    config::Framework,
    store::{GenerationRow, NewComponent, Pin, Store, now_ms},
};

/// How soon a server sees what another one activated in the store that they share.
const LOOK: Duration = Duration::from_secs(2);

/// What the loader is asked for.
#[derive(Debug)]
pub(super) enum Order {
    Install { wasm: Bytes, reply: oneshot::Sender<Result<Installed>> },
    Activate { wanted: Activation, reply: oneshot::Sender<Result<Arc<Generation>>> },
    RollBack { framework: String, to: Option<u32>, reply: oneshot::Sender<Result<Arc<Generation>>> },
    TakeUp { framework: String, pin: Pin, reply: oneshot::Sender<Result<Arc<Generation>>> },
}

pub(super) struct Loader {
    pub(super) runtime: Runtime,
    pub(super) store: Store,
    pub(super) frameworks: BTreeMap<String, Framework>,
    pub(super) registry: Arc<Registry>,
    pub(super) failures: Arc<Failures>,
}

impl Loader {
    /// Goes on until nobody can order anything any more.
    pub(super) async fn run(self, mut orders: mpsc::Receiver<Order>) {
        let mut looks = interval(LOOK);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                order = orders.recv() => match order {
                    Some(order) => self.obey(order).await,
                    None => return,
                },
                _ = looks.tick(), if self.store.is_shared() => {
                    if let Err(error) = self.follow_others().await {
                        tracing::warn!(%error, "which plugins other servers activated could not be looked up");
                    }
                }
            }
        }
    }

    async fn obey(&self, order: Order) {
        // Whoever asked may have gone; what was done stays.
        match order {
            Order::Install { wasm, reply } => drop(reply.send(self.install(wasm).await)),
            Order::Activate { wanted, reply } => drop(reply.send(self.activate(wanted).await)),
            Order::RollBack { framework, to, reply } => drop(reply.send(self.roll_back(&framework, to).await)),
            Order::TakeUp { framework, pin, reply } => drop(reply.send(self.take_up(&framework, &pin).await)),
        }
    }

    async fn install(&self, wasm: Bytes) -> Result<Installed> {
        // Whatever it asks for: nothing answers in `describe`.
        let plugin = self.runtime.load(wasm.clone(), PluginConfig::default()).await?;
        let installed = Installed {
            digest: plugin.digest().to_owned(),
            framework: plugin.describe().framework.clone(),
            version: plugin.describe().version.clone(),
            imports: plugin.imports().clone(),
        };
        self.store.add_component(component(&plugin, &wasm)).await?;
        tracing::info!(framework = installed.framework, digest = installed.digest, "a plugin was installed");
        Ok(installed)
    }

    async fn activate(&self, wanted: Activation) -> Result<Arc<Generation>> {
        let components = self.store.components().await?;
        let Some(row) = components.into_iter().find(|row| row.digest == wanted.digest) else {
            return Err(Error::NotFound(format!("there is no component {}: install it first", wanted.digest)));
        };
        let serving = self.registry.get(&row.framework);
        let before = match &serving {
            Some(serving) => self.store.generation(&row.framework, serving.number()).await?,
            None => None,
        };
        let mut grants = wanted.grants;
        grants.extend(before.iter().flat_map(|before| &before.grants));
        grants.retain(|interface| row.imports.contains(interface));
        if let (Some(serving), Some(before)) = (&serving, &before)
            && serving.digest() == row.digest
            && before.grants == grants
        {
            self.succeeded(&row.framework);
            return Ok(Arc::clone(serving));
        }
        let given = self.config(&row.framework).grants.with(&grants);
        let missing: BTreeSet<Interface> = row.imports.difference(&given.interfaces).copied().collect();
        let activated = if missing.is_empty() {
            self.swap(&row.framework, &row.digest, &grants).await
        } else {
            let serving = serving.map(|serving| serving.imports().clone());
            Err(Error::Widens { framework: row.framework.clone(), missing, serving })
        };
        activated.inspect_err(|error| self.failed(&row.framework, &row.digest, error))
    }

    async fn roll_back(&self, framework: &str, to: Option<u32>) -> Result<Arc<Generation>> {
        let serving = self.registry.get(framework);
        let row = match to {
            Some(number) => self.store.generation(framework, number).await?,
            None => {
                let rows = self.store.generations(framework).await?;
                let other =
                    |row: &GenerationRow| serving.as_ref().is_some_and(|serving| serving.digest() != row.digest);
                rows.into_iter().find(other)
            }
        };
        let Some(row) = row else {
            return Err(Error::NotFound(match to {
                Some(number) => format!("`{framework}` has no generation {number}; GET /v1/plugins lists those it has"),
                None => format!("`{framework}` has no earlier generation with another component"),
            }));
        };
        let swapped = self.swap(framework, &row.digest, &row.grants).await;
        swapped.inspect_err(|error| self.failed(framework, &row.digest, error))
    }

    /// From a component in the store to the generation that serves.
    async fn swap(&self, framework: &str, digest: &str, grants: &BTreeSet<Interface>) -> Result<Arc<Generation>> {
        let plugin = self.load(framework, self.bytes(digest).await?, grants).await?;
        let number = self.store.add_generation(framework, digest, grants, false).await?;
        self.succeeded(framework);
        Ok(self.publish(number, plugin))
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
        let plugin = self.load(framework, self.bytes(&row.digest).await?, &row.grants).await?;
        let generation = Arc::new(Generation::new(row.number, plugin));
        self.registry.keep(&generation);
        Ok(generation)
    }

    /// Takes up what another server activated.
    async fn follow_others(&self) -> Result<()> {
        for row in self.store.latest_generations().await? {
            let failed = self.failures.load().get(&row.framework).is_some_and(|failure| failure.digest == row.digest);
            let behind = self.registry.get(&row.framework).is_none_or(|serving| serving.number() < row.number);
            if !behind || failed {
                continue;
            }
            let loaded = async { self.load(&row.framework, self.bytes(&row.digest).await?, &row.grants).await };
            match loaded.await {
                Ok(plugin) => {
                    self.publish(row.number, plugin);
                    self.succeeded(&row.framework);
                }
                Err(error) => self.failed(&row.framework, &row.digest, &error),
            }
        }
        Ok(())
    }

    /// Loads a component under what the operator says about its framework.
    pub(super) async fn load(&self, framework: &str, wasm: Bytes, grants: &BTreeSet<Interface>) -> Result<Plugin> {
        let Framework { settings, limits, grants: narrowed, .. } = self.config(framework);
        let config = PluginConfig { settings, limits: limits.for_runtime(), grants: narrowed.with(grants) };
        let plugin = self.runtime.load(wasm, config).await?;
        let described = &plugin.describe().framework;
        if described != framework {
            let text = format!("the component is for the framework `{described}`, not for `{framework}`");
            return Err(Error::Refused(LoadError::Mismatch(text)));
        }
        Ok(plugin)
    }

    pub(super) async fn bytes(&self, digest: &str) -> Result<Bytes> {
        let wasm = self.store.component(digest).await?;
        let gone = || Error::NotFound(format!("the component {digest} is not in the store: install it again"));
        wasm.map(Bytes::from).ok_or_else(gone)
    }

    pub(super) fn publish(&self, number: u32, plugin: Plugin) -> Arc<Generation> {
        let generation = Arc::new(Generation::new(number, plugin));
        let framework = &generation.describe().framework;
        self.registry.activate(&generation);
        tracing::info!(framework, generation = number, digest = generation.digest(), "a plugin serves");
        generation
    }

    fn config(&self, framework: &str) -> Framework {
        self.frameworks.get(framework).cloned().unwrap_or_default()
    }

    fn succeeded(&self, framework: &str) {
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

/// A plugin's component as the store keeps it.
pub(super) fn component(plugin: &Plugin, wasm: &Bytes) -> NewComponent {
    NewComponent {
        digest: plugin.digest().to_owned(),
        framework: plugin.describe().framework.clone(),
        version: plugin.describe().version.clone(),
        imports: plugin.imports().clone(),
        wasm: wasm.to_vec(),
    }
}
