//! When each run's next step is taken: a bounded number at once, sessions in turn, the others in a queue by time.

use std::{
    collections::{HashMap, hash_map},
    sync::Arc,
    time::Duration,
};

use enginehouse_runtime::Generation;
use futures::StreamExt as _;
use tokio::{
    sync::{OnceCell, mpsc},
    task::{AbortHandle, JoinSet},
};
use tokio_util::time::{DelayQueue, delay_queue};
use uuid::Uuid;

use super::{
    Parts, backoff,
    fair::Fair,
    steps::{self, Next, Pinned},
};
use crate::measure;

/// The most looks at runs that only wait, over all of them. Where there are more runs than that, each is looked at less often
/// than its plugin asked for: so they do not slow down those who come, nor the engines.
const LOOKS_PER_SECOND: f64 = 500.0;

/// What the scheduler is told.
#[derive(Debug)]
pub(super) enum Order {
    /// A run to be driven, with its session and, where somebody holds it already, the generation of its plugin. One that is known
    /// already stays as it is.
    Drive(Uuid, Arc<str>, Option<Arc<Generation>>),
    /// A run to be looked at now; one that is not known is somebody else's.
    Wake(Uuid),
}

/// One for each run that this host drives.
#[derive(Debug)]
struct Driven {
    session: Arc<str>,
    /// What it is pinned to, in memory for as long as it is driven.
    generation: Pinned,
    stage: Stage,
    /// How often its step has failed in a row, the store's own failures apart.
    failures: u32,
    /// How often the store has failed in a row.
    outages: u32,
}

#[derive(Debug)]
enum Stage {
    Ready,
    /// A step is being taken; `again` where somebody asked for a look meanwhile.
    Stepping {
        again: bool,
    },
    Waiting(delay_queue::Key),
}

pub(super) struct Scheduler {
    parts: Arc<Parts>,
    host: Uuid,
    orders: mpsc::UnboundedReceiver<Order>,
    steps_at_once: usize,
    driven: HashMap<Uuid, Driven>,
    ready: Fair,
    later: DelayQueue<Uuid>,
    steps: JoinSet<Result<Next, steps::Error>>,
    /// Whose step a task takes.
    tasks: HashMap<tokio::task::Id, Uuid>,
}

impl Scheduler {
    pub(super) fn new(
        parts: Arc<Parts>,
        host: Uuid,
        orders: mpsc::UnboundedReceiver<Order>,
        steps_at_once: usize,
    ) -> Self {
        Self {
            parts,
            host,
            orders,
            steps_at_once: steps_at_once.max(1),
            driven: HashMap::new(),
            ready: Fair::default(),
            later: DelayQueue::new(),
            steps: JoinSet::new(),
            tasks: HashMap::new(),
        }
    }

    /// Goes on until the engine is gone.
    pub(super) async fn run(mut self) {
        loop {
            while self.steps.len() < self.steps_at_once
                && let Some((run, waited)) = self.ready.pop()
            {
                measure::lag(waited);
                self.take_step(run);
            }
            measure::queues(self.driven.len(), self.ready.len());
            tokio::select! {
                order = self.orders.recv() => match order {
                    Some(order) => self.obey(order),
                    None => return,
                },
                Some(due) = self.later.next(), if !self.later.is_empty() => self.make_ready(due.into_inner()),
                Some(done) = self.steps.join_next_with_id(), if !self.steps.is_empty() => match done {
                    Ok((task, result)) => self.stepped(task, result),
                    Err(error) => {
                        tracing::error!(%error, "a step fell over");
                        self.stepped(error.id(), Err(steps::Error::FellOver));
                    }
                },
            }
        }
    }

    fn obey(&mut self, order: Order) {
        match order {
            Order::Drive(run, session, generation) => match self.driven.entry(run) {
                hash_map::Entry::Occupied(_) => {}
                hash_map::Entry::Vacant(free) => {
                    self.ready.push(&session, run);
                    let generation = Arc::new(OnceCell::new_with(generation));
                    free.insert(Driven { session, generation, stage: Stage::Ready, failures: 0, outages: 0 });
                }
            },
            Order::Wake(run) => self.look(run),
        }
    }

    fn look(&mut self, run: Uuid) {
        let Some(driven) = self.driven.get_mut(&run) else { return };
        match &mut driven.stage {
            Stage::Ready => {}
            Stage::Stepping { again } => *again = true,
            Stage::Waiting(key) => {
                self.later.remove(key);
                driven.stage = Stage::Ready;
                self.ready.push(&driven.session, run);
            }
        }
    }

    fn make_ready(&mut self, run: Uuid) {
        if let Some(driven) = self.driven.get_mut(&run) {
            driven.stage = Stage::Ready;
            self.ready.push(&driven.session, run);
        }
    }

    fn take_step(&mut self, run: Uuid) {
        let Some(driven) = self.driven.get_mut(&run) else { return };
        driven.stage = Stage::Stepping { again: false };
        let (parts, host, failures) = (Arc::clone(&self.parts), self.host, driven.failures);
        let generation = Arc::clone(&driven.generation);
        let task: AbortHandle =
            self.steps.spawn(async move { steps::take(&parts, host, run, failures, &generation).await });
        self.tasks.insert(task.id(), run);
    }

    fn stepped(&mut self, task: tokio::task::Id, result: Result<Next, steps::Error>) {
        let Some(run) = self.tasks.remove(&task) else { return };
        let crowded = Duration::from_secs_f64(self.driven.len() as f64 / LOOKS_PER_SECOND);
        let Some(driven) = self.driven.get_mut(&run) else { return };
        let again = matches!(driven.stage, Stage::Stepping { again: true });
        let pause = match result {
            Ok(Next::Never) => {
                self.driven.remove(&run);
                return;
            }
            Ok(Next::Now) => {
                (driven.failures, driven.outages) = (0, 0);
                Duration::ZERO
            }
            Ok(Next::After(pause)) => {
                (driven.failures, driven.outages) = (0, 0);
                if again { Duration::ZERO } else { pause.max(crowded) }
            }
            Err(error) => {
                let count = if error.is_the_stores() { &mut driven.outages } else { &mut driven.failures };
                *count = count.saturating_add(1);
                // Without what a plugin says, which may hold a cell of data; the run tells it to its caller.
                let (kind, failures) = (error.kind(), *count);
                tracing::warn!(%run, kind, failures, "a step of a run failed and is tried again");
                backoff::pause(*count)
            }
        };
        if pause.is_zero() {
            driven.stage = Stage::Ready;
            self.ready.push(&driven.session, run);
        } else {
            driven.stage = Stage::Waiting(self.later.insert(run, pause));
        }
    }
}
