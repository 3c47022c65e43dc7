//! Guests that hand the host more than it takes.

use std::time::Duration;

use enginehouse_runtime::{Error, Limits, PluginConfig, Stage};

use crate::{
    common::{inside, limited, outside, task},
    trial::{Trial, within},
};

/// For guests that take their time.
fn patient() -> Limits {
    Limits { compute: Duration::from_secs(20), ..Limits::default() }
}

pub(crate) async fn journal(trial: &Trial) {
    let plugin = trial.load(limited(patient())).await;
    plugin.plan(&outside(), &task()).await.unwrap();
    assert_eq!(trial.recorder.lines(), ["journal.note Info 8192"; 1_000]);
}

pub(crate) async fn output(trial: &Trial) {
    let plugin = trial.load(limited(patient())).await;
    match plugin.plan(&outside(), &task()).await.unwrap_err() {
        Error::Trapped { stage: Stage::Plan, output, .. } => {
            assert_eq!(output.len(), 4096);
            assert!(output.starts_with('x') && output.contains("printed enough"), "{output}");
        }
        other => panic!("{other:?}"),
    }
}

pub(crate) async fn random(trial: &Trial) {
    let plugin = trial.load(PluginConfig::default()).await;
    match within(Limits::default().compute, plugin.plan(&outside(), &task())).await.unwrap_err() {
        Error::Trapped { reason, .. } => assert!(reason.contains("exceeds limit"), "{reason}"),
        other => panic!("{other:?}"),
    }
}

pub(crate) async fn in_one_call(trial: &Trial) {
    let plugin = trial.load(limited(Limits { memory: 256 << 20, ..patient() })).await;
    let (cx, attempt) = inside();
    match plugin.log(&cx, &attempt, "ticket", 0).await.unwrap_err() {
        Error::Invalid(value) => assert_eq!(value.what, "what it handed over in one go"),
        other => panic!("{other:?}"),
    }
    assert_eq!(trial.recorder.lines(), [""; 0]);
}

pub(crate) async fn pollables(trial: &Trial) {
    let plugin = trial.load(PluginConfig::default()).await;
    match within(Limits::default().compute, plugin.plan(&outside(), &task())).await.unwrap_err() {
        Error::Trapped { reason, .. } => assert!(reason.contains("resource table"), "{reason}"),
        other => panic!("{other:?}"),
    }
}
