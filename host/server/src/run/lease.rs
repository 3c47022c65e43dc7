//! Says that this host lives, and takes over the runs of hosts that do not.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use parking_lot::Mutex;
use tokio::{sync::mpsc, time::MissedTickBehavior};
use uuid::Uuid;

use super::{Pulse, scheduler::Order};
use crate::store::{LEASE, Store};

/// Runs that are taken over at once. After a crash there may be thousands: they come in portions, and the engines behind them
/// are not asked for all of them in the same second.
const PORTION: u32 = 200;
/// Between two portions.
const PACE: Duration = Duration::from_millis(250);

/// How often the host looks for runs that are its own and that it does not know of: an answer of the store may be lost on its
/// way, after it was written.
const BEATS_TO_A_LOOK: u64 = 10;

/// Goes on until the engine is gone.
pub(super) async fn keep(store: Store, host: Uuid, orders: mpsc::WeakUnboundedSender<Order>, pulse: Arc<Mutex<Pulse>>) {
    let mut beat = tokio::time::interval(LEASE / 3);
    beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut last = Instant::now();
    // When the database was gone for longer than a lease, those of all hosts have passed: the others need time to say that
    // they live before their runs are anybody's.
    let mut hold_off = None;
    for number in 0_u64.. {
        beat.tick().await;
        let Some(orders) = orders.upgrade() else { return };
        let heard = async {
            store.beat(host).await?;
            if last.elapsed() > LEASE {
                hold_off = Some(Instant::now());
            }
            last = Instant::now();
            pulse.lock().last = last;
            if hold_off.is_none_or(|since: Instant| since.elapsed() > LEASE) {
                take_over(&store, host, &orders, &pulse).await?;
            }
            store.tidy().await?;
            if number % BEATS_TO_A_LOOK == 0 { adopt(&store, host, &orders).await } else { Ok(()) }
        };
        let now = heard.await.err().map(|error| error.to_string());
        let before = std::mem::replace(&mut pulse.lock().trouble, now.clone());
        match (before, now) {
            (Some(_), None) => tracing::info!("the store can be written again"),
            (None, Some(error)) => tracing::error!(error, "the store cannot be written; runs stand still until it can"),
            _ => {}
        }
    }
}

async fn take_over(
    store: &Store,
    host: Uuid,
    orders: &mpsc::UnboundedSender<Order>,
    pulse: &Mutex<Pulse>,
) -> crate::store::Result<()> {
    loop {
        let taken = store.take_over(host, PORTION).await?;
        if !taken.is_empty() {
            tracing::info!(runs = taken.len(), "took up runs that no living host drives");
        }
        let whole = u32::try_from(taken.len()).is_ok_and(|taken| taken == PORTION);
        drive(orders, taken);
        if !whole {
            return Ok(());
        }
        tokio::time::sleep(PACE).await;
        store.beat(host).await?;
        pulse.lock().last = Instant::now();
    }
}

async fn adopt(store: &Store, host: Uuid, orders: &mpsc::UnboundedSender<Order>) -> crate::store::Result<()> {
    drive(orders, store.driven_by(host).await?);
    Ok(())
}

fn drive(orders: &mpsc::UnboundedSender<Order>, runs: Vec<(Uuid, String)>) {
    for (run, session) in runs {
        // The scheduler ends with the process alone.
        let _taken = orders.send(Order::Drive(run, session.into(), None));
    }
}
