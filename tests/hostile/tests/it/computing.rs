//! Guests that do not end by themselves.

use std::time::Duration;

use enginehouse_runtime::{Clock, Error, Limits, LoadError, PluginConfig, Stage};

use crate::{
    common::{limited, outside, task},
    trial::{Trial, within},
};

const COMPUTE: Duration = Duration::from_millis(300);

pub(crate) fn short() -> PluginConfig {
    limited(Limits { compute: COMPUTE, ..Limits::default() })
}

pub(crate) async fn spins(trial: &Trial) {
    let plugin = trial.load(short()).await;
    let error = within(COMPUTE, plugin.validate(&outside(), &task(), "")).await.unwrap_err();
    assert!(matches!(error, Error::OutOfTime { stage: Stage::Validate, clock: Clock::Compute, .. }), "{error:?}");
}

pub(crate) async fn spins_at_load(trial: &Trial) {
    // Compiling has a limit of its own; the second time it is done.
    let _compiled = trial.try_load(short()).await;
    let error = within(COMPUTE, trial.try_load(short())).await.unwrap_err();
    assert!(
        matches!(&error, LoadError::Describe(why) if matches!(**why, Error::OutOfTime { clock: Clock::Compute, .. })),
        "{error:?}"
    );
}

pub(crate) async fn sleeps(trial: &Trial) {
    let wall_clock = Duration::from_millis(300);
    let plugin = trial.load(limited(Limits { wall_clock, ..Limits::default() })).await;
    let error = within(wall_clock, plugin.plan(&outside(), &task())).await.unwrap_err();
    assert!(matches!(error, Error::OutOfTime { stage: Stage::Plan, clock: Clock::Wall, .. }), "{error:?}");
}

pub(crate) async fn recurses(trial: &Trial) {
    let plugin = trial.load(short()).await;
    let error = within(COMPUTE, plugin.validate(&outside(), &task(), "")).await.unwrap_err();
    assert!(matches!(error, Error::StackOverflow(Stage::Validate)), "{error:?}");
}
