//! Guests that take all the memory there is.

use enginehouse_runtime::{Error, Limits, PluginConfig, Stage};

use crate::{
    common::{outside, task},
    trial::{Trial, within},
};

pub(crate) async fn grows(trial: &Trial) {
    let plugin = trial.load(PluginConfig::default()).await;
    let Limits { memory, compute, .. } = Limits::default();
    let error = within(compute, plugin.plan(&outside(), &task())).await.unwrap_err();
    assert!(matches!(error, Error::OutOfMemory { stage: Stage::Plan, limit } if limit == memory), "{error:?}");
    let again = plugin.plan(&outside(), &task()).await.unwrap_err();
    assert!(matches!(again, Error::OutOfMemory { .. }), "every call has all of it: {again:?}");
}

pub(crate) async fn makes_findings(trial: &Trial) {
    let plugin = trial.load(PluginConfig::default()).await;
    let error = within(Limits::default().compute, plugin.validate(&outside(), &task(), "")).await.unwrap_err();
    assert!(matches!(error, Error::OutOfMemory { stage: Stage::Validate, .. }), "{error:?}");
}
