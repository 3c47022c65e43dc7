//! The one task that loads plugins.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, hash_map::Entry},
    panic::AssertUnwindSafe,
    sync::Arc,
    time::{Duration, Instant},
};

use enginehouse_capabilities::Interface;
use enginehouse_runtime::{Generation, Registry, Runtime};
use futures::FutureExt as _;
use parking_lot::Mutex;
use tokio::{
    sync::{mpsc, oneshot},
    time::{MissedTickBehavior, interval},
};

use super::{Activation, Error, Failures, Result, Trial, Trials, trust::Trust};
use crate::{
    config::Framework,
    store::{GenerationRow, Origin, Store, Terms},
};

/// How often candidates are judged, and how soon a server sees what another one activated in the store that they share.
const LOOK: Duration = Duration::from_secs(1);

/// How long what could not be loaded is left alone.
const AGAIN: Duration = Duration::from_secs(30);

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
}

pub(super) struct Loader {
    pub(super) runtime: Runtime,
    pub(super) store: Store,
    pub(super) frameworks: BTreeMap<String, Framework>,
    pub(super) registry: Arc<Registry>,
    pub(super) failures: Arc<Failures>,
    pub(super) trust: Arc<Trust>,
    pub(super) trials: Arc<Trials>,
    /// When what the store names was last tried and not loaded, by framework and number.
    pub(super) tries: Mutex<HashMap<(String, u32), Instant>>,
}

impl Loader {
    /// Goes on until nobody can order anything any more.
    pub(super) async fn run(self: Arc<Self>, mut orders: mpsc::Receiver<Order>) {
        let mut looks = interval(LOOK);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                order = orders.recv() => match order {
                    Some(order) => whole(self.obey(order)).await,
                    None => return,
                },
                _ = looks.tick() => whole(self.look()).await,
            }
        }
    }

    /// Does what is due without anybody's order.
    async fn look(&self) {
        let looked = async {
            self.follow_others().await?;
            self.follow_trials().await?;
            self.judge().await
        };
        if let Err(error) = looked.await {
            tracing::warn!(%error, "how plugins stand could not be looked up");
        }
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
        let narrowed = self.config(&framework).grants;
        let given = narrowed.with(&grants);
        let missing: BTreeSet<Interface> = row.imports.difference(&given.interfaces).copied().collect();
        if missing.is_empty() {
            return Ok(Granted { framework, digest, grants, granted_before, serving });
        }
        let serving = serving.map(|serving| serving.imports().clone());
        let never = missing.iter().copied().filter(|interface| narrowed.says(*interface) == Some(false)).collect();
        let error = Error::Widens { framework: framework.clone(), missing, never, serving };
        self.failed(&framework, &digest, &error);
        Err(error)
    }

    async fn roll_back(&self, framework: &str, to: Option<u32>) -> Result<Arc<Generation>> {
        let serving = self.registry.get(framework);
        let row = match to {
            Some(number) => self.store.generation(framework, number).await?,
            None => {
                let rows = self.store.served_generations(framework).await?;
                let other = |row: &GenerationRow| serving.as_ref().is_none_or(|serving| serving.digest() != row.digest);
                rows.into_iter().find(other)
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
        let plugin = self.load(framework, digest, wasm.clone(), grants, tried).await?;
        if tried == Tried::Anew {
            self.hold_to_contract(framework, wasm, grants).await?;
        }
        let number = self.store.add_generation(framework, digest, grants, Origin::Operator).await?;
        self.succeeded(framework);
        let generation = self.publish(number, plugin);
        // With its row the trial of another is over; this says why.
        if let Err(error) = self.end_trial_of(framework, "another component was activated").await {
            tracing::warn!(%error, framework, "why a trial ended could not be written");
        }
        Ok(generation)
    }

    /// Takes up what another server activated, or this one did and was not told.
    async fn follow_others(&self) -> Result<()> {
        for row in self.store.latest_generations().await? {
            let behind = self.registry.get(&row.framework).is_none_or(|serving| serving.number() < row.number);
            if !behind || !self.is_worth_a_try(&row.framework, row.number) {
                continue;
            }
            match self.load_again(&row).await {
                Ok(plugin) => {
                    self.publish(row.number, plugin);
                    self.succeeded(&row.framework);
                }
                Err(error) => self.failed(&row.framework, &row.digest, &error),
            }
        }
        Ok(())
    }

    /// Whether to load what the store names: what failed is tried again after a while.
    pub(super) fn is_worth_a_try(&self, framework: &str, number: u32) -> bool {
        let mut tries = self.tries.lock();
        tries.retain(|_, last| last.elapsed() < AGAIN);
        match tries.entry((framework.to_owned(), number)) {
            Entry::Occupied(_) => false,
            Entry::Vacant(free) => {
                free.insert(Instant::now());
                true
            }
        }
    }
}

/// Goes on after what fell over: one plugin must not keep all others from ever being swapped.
pub(super) async fn whole(work: impl Future<Output = ()>) {
    if AssertUnwindSafe(work).catch_unwind().await.is_err() {
        tracing::error!("loading a plugin fell over");
    }
}
