//! The one task that loads plugins.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use bytes::Bytes;
use enginehouse_capabilities::{Grants, Interface};
use enginehouse_runtime::{Generation, LoadError, Plugin, PluginConfig, Registry, Runtime};
use tokio::{
    sync::{mpsc, oneshot},
    time::{MissedTickBehavior, interval},
};

use super::{Activation, Error, Failure, Failures, Result, Trial, Trials, trust::Trust};
use crate::{
    config::Framework,
    store::{GenerationRow, Origin, Pin, Store, Terms, now_ms},
};

/// How often candidates are judged, and how soon a server sees what another one activated in the store that they share.
const LOOK: Duration = Duration::from_secs(1);

/// Whether a component has served before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tried {
    /// It has not, and is tried out first.
    Anew,
    /// It has: going back must not take long.
    Before,
}

/// A component with all that it may use.
pub(super) struct Granted {
    pub(super) framework: String,
    pub(super) digest: String,
    pub(super) grants: BTreeSet<Interface>,
    granted_before: BTreeSet<Interface>,
    serving: Option<Arc<Generation>>,
}

/// What the loader is asked for.
#[derive(Debug)]
pub(super) enum Order {
    Activate { wanted: Activation, reply: oneshot::Sender<Result<Arc<Generation>>> },
    RollBack { framework: String, to: Option<u32>, reply: oneshot::Sender<Result<Arc<Generation>>> },
    Try { wanted: Activation, terms: Terms, reply: oneshot::Sender<Result<Arc<Trial>>> },
    Promote { framework: String, reply: oneshot::Sender<Result<Arc<Generation>>> },
    EndTrial { framework: String, reply: oneshot::Sender<Result<()>> },
    TakeUp { framework: String, pin: Pin, reply: oneshot::Sender<Result<Arc<Generation>>> },
}

pub(super) struct Loader {
    pub(super) runtime: Runtime,
    pub(super) store: Store,
    pub(super) frameworks: BTreeMap<String, Framework>,
    pub(super) registry: Arc<Registry>,
    pub(super) failures: Arc<Failures>,
    pub(super) trust: Arc<Trust>,
    pub(super) trials: Arc<Trials>,
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
                _ = looks.tick() => {
                    if let Err(error) = self.look().await {
                        tracing::warn!(%error, "how plugins stand could not be looked up");
                    }
                }
            }
        }
    }

    /// Does what is due without anybody's order.
    async fn look(&self) -> Result<()> {
        if self.store.is_shared() {
            self.follow_others().await?;
            self.follow_trials().await?;
        }
        self.judge().await
    }

    async fn obey(&self, order: Order) {
        // Whoever asked may have gone; what was done stays.
        match order {
            Order::Activate { wanted, reply } => drop(reply.send(self.activate(wanted).await)),
            Order::RollBack { framework, to, reply } => drop(reply.send(self.roll_back(&framework, to).await)),
            Order::Try { wanted, terms, reply } => drop(reply.send(self.try_out(wanted, terms).await)),
            Order::Promote { framework, reply } => drop(reply.send(self.promote(&framework).await)),
            Order::EndTrial { framework, reply } => {
                drop(reply.send(self.end_trial(&framework, "its operator ended it").await))
            }
            Order::TakeUp { framework, pin, reply } => drop(reply.send(self.take_up(&framework, &pin).await)),
        }
    }

    async fn activate(&self, wanted: Activation) -> Result<Arc<Generation>> {
        let wanted = self.granted(wanted).await?;
        if let Some(serving) = &wanted.serving
            && serving.digest() == wanted.digest
            && wanted.granted_before == wanted.grants
        {
            self.succeeded(&wanted.framework);
            return Ok(Arc::clone(serving));
        }
        let swapped = self.swap(&wanted.framework, &wanted.digest, &wanted.grants, Tried::Anew).await;
        swapped.inspect_err(|error| self.failed(&wanted.framework, &wanted.digest, error))
    }

    /// Finds a component and what it is granted: what its framework's serving generation was, and what its operator grants on top.
    pub(super) async fn granted(&self, wanted: Activation) -> Result<Granted> {
        let components = self.store.components().await?;
        let Some(row) = components.into_iter().find(|row| row.digest == wanted.digest) else {
            return Err(Error::NotFound(format!("there is no component {}: install it first", wanted.digest)));
        };
        let (framework, digest) = (row.framework, row.digest);
        let serving = self.registry.get(&framework);
        let before = match &serving {
            Some(serving) => self.store.generation(&framework, serving.number()).await?,
            None => None,
        };
        let granted_before = before.map(|before| before.grants).unwrap_or_default();
        let mut grants = wanted.grants;
        grants.extend(&granted_before);
        grants.retain(|interface| row.imports.contains(interface));
        let given = self.config(&framework).grants.with(&grants);
        let missing: BTreeSet<Interface> = row.imports.difference(&given.interfaces).copied().collect();
        if missing.is_empty() {
            return Ok(Granted { framework, digest, grants, granted_before, serving });
        }
        let error = Error::Widens { missing, serving: serving.map(|serving| serving.imports().clone()), framework };
        if let Error::Widens { framework, .. } = &error {
            self.failed(framework, &digest, &error);
        }
        Err(error)
    }

    async fn roll_back(&self, framework: &str, to: Option<u32>) -> Result<Arc<Generation>> {
        let serving = self.registry.get(framework);
        let row = match to {
            Some(number) => self.store.generation(framework, number).await?,
            None => {
                let rows = self.store.generations(framework).await?;
                let other =
                    |row: &GenerationRow| serving.as_ref().is_some_and(|serving| serving.digest() != row.digest);
                rows.into_iter().filter(|row| row.trial.is_none()).find(other)
            }
        };
        let Some(row) = row else {
            return Err(Error::NotFound(match to {
                Some(number) => format!("`{framework}` has no generation {number}; GET /v1/plugins lists those it has"),
                None => format!("`{framework}` has no earlier generation with another component"),
            }));
        };
        let swapped = self.swap(framework, &row.digest, &row.grants, Tried::Before).await;
        swapped.inspect_err(|error| self.failed(framework, &row.digest, error))
    }

    /// From a component in the store to the generation that serves.
    async fn swap(
        &self,
        framework: &str,
        digest: &str,
        grants: &BTreeSet<Interface>,
        tried: Tried,
    ) -> Result<Arc<Generation>> {
        let wasm = self.trusted(digest).await?;
        let plugin = self.load(framework, wasm.clone(), grants).await?;
        if tried == Tried::Anew {
            self.hold_to_contract(framework, wasm, grants).await?;
        }
        let number = self.store.add_generation(framework, digest, grants, Origin::Operator).await?;
        self.succeeded(framework);
        let generation = self.publish(number, plugin);
        self.end_trial_of(framework, "another component was activated").await?;
        Ok(generation)
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
        let plugin = self.load(framework, wasm, &row.grants).await?;
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
            // One that was on trial here is there already.
            if let Some(found) = self.registry.find(&row.framework, row.number) {
                self.registry.activate(&found);
                continue;
            }
            let loaded = async { self.load(&row.framework, self.trusted(&row.digest).await?, &row.grants).await };
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
        let plugin = self.runtime.load(wasm, self.plugin_config(framework, grants)).await?;
        let described = &plugin.describe().framework;
        if described != framework {
            let text = format!("the component is for the framework `{described}`, not for `{framework}`");
            return Err(Error::Refused(LoadError::Mismatch(text)));
        }
        Ok(plugin)
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
        let Framework { settings, limits, grants: narrowed, .. } = self.config(framework);
        PluginConfig { settings, limits: limits.for_runtime(), grants: narrowed.with(grants) }
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
