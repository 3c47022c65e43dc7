//! The plugins: installed, activated, swapped while the server runs.
//!
//! Components are kept in the store under their SHA-256. An activation loads one beside the generation that serves, tries it
//! out, writes a row, and swaps one pointer ([`Registry`]); whatever fails before that leaves everything as it was. One task
//! does all loading ([`loader`]). Whoever serves from a generation holds it, and with the last holder it leaves memory: a call
//! to its end, a run until it has ended.

mod config;
mod error;
mod install;
mod loader;
mod start;
mod trial;
mod trials;
mod trust;
mod watch;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use arc_swap::ArcSwap;
use enginehouse_capabilities::{CallContext, Interface};
use enginehouse_runtime::{Generation, Registry, Report, Task};
use tokio::sync::{mpsc, oneshot};

pub(crate) use config::token_budgets;
pub use config::{Grants, Limits};
pub use error::Error;
pub use install::{Installed, Package};
pub use start::Bundled;
pub use trial::{Shown, Trial};
pub(crate) use watch::Watch;

use crate::store::{Pin, Terms};
use install::Installer;
use loader::Order;

/// The result of what an operator asks for.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Orders that wait for the loader; whoever comes later waits.
const ORDERS: usize = 64;

/// The plugins. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Plugins {
    registry: Arc<Registry>,
    failures: Arc<Failures>,
    trials: Arc<Trials>,
    orders: mpsc::Sender<Order>,
    installer: Arc<Installer>,
}

/// The candidates on trial, by framework.
type Trials = ArcSwap<BTreeMap<String, Arc<Trial>>>;

/// The last activation of a framework, where it failed.
type Failures = ArcSwap<BTreeMap<String, Failure>>;

/// An activation that failed.
#[derive(Debug, Clone)]
pub struct Failure {
    /// SHA-256 of the component, in hex.
    pub digest: String,
    /// Why, and what to do.
    pub reason: String,
    /// When, in milliseconds since the Unix epoch.
    pub at: i64,
}

/// How the plugin of a framework stands.
#[derive(Debug, Clone)]
pub struct Status {
    pub framework: String,
    /// None: requests are refused.
    pub serving: Option<Arc<Generation>>,
    /// None where the last activation succeeded.
    pub failure: Option<Failure>,
}

/// Which component is to serve.
#[derive(Debug, Clone)]
pub struct Activation {
    /// SHA-256 of a component in the store, in hex.
    pub digest: String,
    /// Granted on top of what its framework's serving generation was granted.
    pub grants: BTreeSet<Interface>,
}

impl Plugins {
    /// The generation that serves a framework.
    pub fn get(&self, framework: &str) -> Option<Arc<Generation>> {
        self.registry.get(framework)
    }

    /// The generation for a new run: the candidate on trial for its share of them, else the one that serves.
    pub(crate) fn for_run(&self, framework: &str) -> Option<Arc<Generation>> {
        let trial = self.trial(framework).filter(|trial| trial.takes_a_run());
        trial.map(|trial| Arc::clone(&trial.candidate)).or_else(|| self.get(framework))
    }

    /// The trial of a framework's candidate, where there is one.
    pub fn trial(&self, framework: &str) -> Option<Arc<Trial>> {
        self.trials.load().get(framework).cloned()
    }

    /// Has the candidate on trial, where there is one, read what `reader` has read.
    pub(crate) fn mirror(&self, reader: &Generation, cx: &CallContext, task: &Task, code: &str, report: &Report) {
        let trial = self.trial(&reader.describe().framework);
        if let Some(trial) = trial.filter(|trial| trial.terms.shadow && trial.candidate.number() != reader.number()) {
            trial.mirror(cx, task, code, report);
        }
    }

    /// All that serve, by framework.
    pub fn serving(&self) -> Vec<Arc<Generation>> {
        self.registry.serving()
    }

    /// Generations of a framework that no longer serve and are still in memory.
    pub fn others(&self, framework: &str) -> Vec<Arc<Generation>> {
        self.registry.others(framework)
    }

    /// Every framework whose plugin serves or was to serve.
    pub fn statuses(&self) -> Vec<Status> {
        let failures = self.failures.load();
        let mut names: BTreeSet<String> = failures.keys().cloned().collect();
        names.extend(self.serving().iter().map(|serving| serving.describe().framework.clone()));
        let status = |framework: String| Status {
            serving: self.get(&framework),
            failure: failures.get(&framework).cloned(),
            framework,
        };
        names.into_iter().map(status).collect()
    }

    /// The generation that a run is pinned to, loaded anew where nobody holds it any more; for a run that is pinned to none, the
    /// one that serves.
    ///
    /// # Errors
    /// [`Error::NotFound`] where it is gone, [`Error::Refused`] where it cannot be loaded any more.
    pub(crate) async fn pinned(&self, framework: &str, pin: Option<&Pin>) -> Result<Arc<Generation>> {
        let Some(pin) = pin else {
            let none = || Error::NotFound(format!("no plugin serves the framework `{framework}`"));
            return self.get(framework).ok_or_else(none);
        };
        match self.registry.find(framework, pin.generation) {
            Some(found) if found.digest() == pin.digest => Ok(found),
            _ => {
                let (framework, pin) = (framework.to_owned(), pin.clone());
                self.order(|reply| Order::TakeUp { framework, pin, reply }).await
            }
        }
    }

    /// Takes a component into the store: looked at, compiled, and asked to describe itself. It serves nobody yet.
    ///
    /// # Errors
    /// [`Error::Refused`] with what is wrong with it, [`Error::Unsigned`], [`Error::Registry`].
    pub async fn install(&self, package: Package) -> Result<Installed> {
        self.installer.install(package).await
    }

    /// Lets a component of the store serve its framework. One that serves already goes on as it does.
    ///
    /// # Errors
    /// Whatever stands in the way; then the generation before goes on.
    pub async fn activate(&self, wanted: Activation) -> Result<Arc<Generation>> {
        self.order(|reply| Order::Activate { wanted, reply }).await
    }

    /// Tries a component of the store out beside the one that serves, in the place of a candidate before it.
    ///
    /// # Errors
    /// As for [`Plugins::activate`].
    pub async fn try_out(&self, wanted: Activation, terms: Terms) -> Result<Arc<Trial>> {
        self.order(|reply| Order::Try { wanted, terms, reply }).await
    }

    /// Lets the candidate on trial serve.
    ///
    /// # Errors
    /// [`Error::NotFound`] where there is none.
    pub async fn promote(&self, framework: &str) -> Result<Arc<Generation>> {
        let framework = framework.to_owned();
        self.order(|reply| Order::Promote { framework, reply }).await
    }

    /// Ends the trial of a candidate; its runs go on.
    ///
    /// # Errors
    /// [`Error::NotFound`] where there is none.
    pub async fn end_trial(&self, framework: &str) -> Result<()> {
        let framework = framework.to_owned();
        self.order(|reply| Order::EndTrial { framework, reply }).await
    }

    /// Lets an earlier generation's component serve again, with what it was granted, under a new number. Without `to`, the
    /// last one with another component.
    ///
    /// # Errors
    /// As for [`Plugins::activate`].
    pub async fn roll_back(&self, framework: &str, to: Option<u32>) -> Result<Arc<Generation>> {
        let framework = framework.to_owned();
        self.order(|reply| Order::RollBack { framework, to, reply }).await
    }

    /// Hands an order to the loader, and waits. Who stops waiting stops nothing: what was begun is finished.
    async fn order<T>(&self, order: impl FnOnce(oneshot::Sender<Result<T>>) -> Order) -> Result<T> {
        let (reply, answer) = oneshot::channel();
        self.orders.send(order(reply)).await.map_err(|_| Error::Ending)?;
        answer.await.unwrap_or(Err(Error::Ending))
    }
}
