//! What leases promise.

use std::collections::BTreeSet;

use enginehouse::store::{LEASE, RunState};
use uuid::Uuid;

use crate::fresh::{Fresh, a_run, new_run, to};

pub(crate) async fn runs_of_a_living_host_are_its_own(fresh: &Fresh) {
    let store = fresh.open().await;
    let (host, _) = a_run(&store).await;
    let other = Uuid::now_v7();
    store.beat(other).await.unwrap();
    assert_eq!(store.take_over(other, 10).await.unwrap(), []);
    assert_eq!(store.take_over(host, 10).await.unwrap(), [], "what it drives already is not taken again");
}

pub(crate) async fn runs_of_a_host_that_is_gone_go_to_another_once(fresh: &Fresh) {
    let store = fresh.open().await;
    let gone = Uuid::now_v7();
    store.beat(gone).await.unwrap();
    let mut runs = BTreeSet::new();
    for _ in 0..30 {
        runs.insert(store.add_run(new_run(gone)).await.unwrap().0);
    }
    let ended = *runs.last().unwrap();
    store.step(ended, gone, RunState::Queued, to(RunState::Cancelled)).await.unwrap();
    runs.remove(&ended);
    store.leave(gone).await.unwrap();

    let takers: Vec<_> = (0..4)
        .map(|_| {
            let store = store.clone();
            tokio::spawn(async move {
                let host = Uuid::now_v7();
                store.beat(host).await.unwrap();
                let mut all = Vec::new();
                loop {
                    let taken = store.take_over(host, 3).await.unwrap();
                    assert!(taken.len() <= 3 && taken.is_sorted());
                    if taken.is_empty() {
                        return all;
                    }
                    all.extend(taken.into_iter().map(|(run, _)| run));
                }
            })
        })
        .collect();
    let mut taken = Vec::new();
    for taker in takers {
        taken.extend(taker.await.unwrap());
    }
    // What two wanted at once and neither got is there for the next who looks.
    let last = Uuid::now_v7();
    store.beat(last).await.unwrap();
    taken.extend(store.take_over(last, 100).await.unwrap().into_iter().map(|(run, _)| run));
    assert_eq!(taken.len(), runs.len(), "each once");
    assert_eq!(taken.into_iter().collect::<BTreeSet<_>>(), runs);
}

pub(crate) async fn a_lease_passes(fresh: &Fresh) {
    let store = fresh.open().await;
    let (host, run) = a_run(&store).await;
    let other = Uuid::now_v7();
    tokio::time::sleep(LEASE / 2).await;
    store.beat(host).await.unwrap();
    tokio::time::sleep(LEASE / 2 + LEASE / 10).await;
    store.beat(other).await.unwrap();
    assert_eq!(store.take_over(other, 10).await.unwrap(), [], "the host was heard of in time");
    tokio::time::sleep(LEASE / 2).await;
    assert_eq!(store.take_over(other, 10).await.unwrap(), [(run, "me".to_owned())]);
}
