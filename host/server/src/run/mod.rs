//! The run engine: drives each run through its states, one durable step after another.
//!
//! A run is a row; a step does one thing and writes its outcome and journal entries in one transaction, on the condition
//! that this host still drives the run. What was begun before a restart is taken up again from the row: `submit` is called
//! again with the same token, which finds what it started. A run that waits costs an entry in a queue, no task.

mod backoff;
mod fair;
mod journal;
mod lease;
mod prices;
mod scheduler;
mod scope;
mod steps;

use std::{sync::Arc, time::Instant};

use enginehouse_capabilities::Objects;
use enginehouse_runtime::Generation;
use parking_lot::Mutex;
use tokio::sync::{Semaphore, mpsc};
use uuid::Uuid;

use crate::{
    events::Events,
    plugins::Plugins,
    store::{self, Store},
};
use scheduler::{Order, Scheduler};

pub(crate) use backoff::pause;
pub use journal::StoreJournal;
pub use prices::Prices;
pub use scope::Places;
pub(crate) use scope::{attempt_of, context_of};

/// What steps work with.
#[derive(Debug)]
pub(crate) struct Parts {
    pub(crate) store: Store,
    pub(crate) plugins: Plugins,
    pub(crate) objects: Arc<dyn Objects>,
    pub(crate) events: Events,
    pub(crate) places: Places,
    pub(crate) prices: Prices,
    /// Places for steps that write code, which may wait minutes for a model: fewer than there are steps at once, so that runs that only
    /// have to be looked at go on.
    pub(crate) writing: Semaphore,
}

/// Drives runs. Cheap to clone.
#[derive(Debug, Clone)]
pub struct RunEngine {
    parts: Arc<Parts>,
    host: Uuid,
    orders: mpsc::UnboundedSender<Order>,
    pulse: Arc<Mutex<Pulse>>,
}

/// How this host stands with the store.
#[derive(Debug)]
struct Pulse {
    /// When it last wrote that it lives.
    last: Instant,
    /// What went wrong since; none while nothing does.
    trouble: Option<String>,
}

impl RunEngine {
    /// Starts as `host`, which nobody was before: takes up the runs that no living host drives, now and from then on.
    ///
    /// # Errors
    /// Where the store does not answer.
    pub(crate) async fn start(parts: Parts, host: Uuid, steps_at_once: usize) -> store::Result<Self> {
        let parts = Arc::new(parts);
        parts.store.beat(host).await?;
        parts.store.be_alone(host).await?;
        let (orders, inbox) = mpsc::unbounded_channel();
        tokio::spawn(Scheduler::new(Arc::clone(&parts), host, inbox, steps_at_once).run());
        let pulse = Arc::new(Mutex::new(Pulse { last: Instant::now(), trouble: None }));
        tokio::spawn(lease::keep(parts.store.clone(), host, orders.downgrade(), Arc::clone(&pulse)));
        Ok(Self { parts, host, orders, pulse })
    }

    /// Who this engine is to the store, for runs that it is to drive.
    pub(crate) fn host(&self) -> Uuid {
        self.host
    }

    /// Drives a run of this host to its end in the background, with the generation that it is pinned to.
    pub(crate) fn drive(&self, run: Uuid, session: &str, generation: Arc<Generation>) {
        self.order(Order::Drive(run, session.into(), Some(generation)));
    }

    /// Looks at a run at once instead of when it is due.
    pub(crate) fn wake(&self, run: Uuid) {
        self.order(Order::Wake(run));
    }

    /// Lets other hosts take this one's runs at once: the process ends.
    ///
    /// # Errors
    /// Where the store does not answer; they take them when the lease has passed.
    pub async fn leave(&self) -> store::Result<()> {
        self.parts.store.leave(self.host).await
    }

    /// What keeps runs from going on; none where nothing does.
    pub(crate) fn trouble(&self) -> Option<String> {
        let pulse = self.pulse.lock();
        let silent = pulse.last.elapsed();
        let late = || format!("the store was last written {} s ago, longer than a lease", silent.as_secs());
        pulse.trouble.clone().or_else(|| (silent > store::LEASE).then(late))
    }

    /// Where work can go.
    pub(crate) fn places(&self) -> &Places {
        &self.parts.places
    }

    fn order(&self, order: Order) {
        // The scheduler ends with the process alone.
        let _taken = self.orders.send(order);
    }
}
