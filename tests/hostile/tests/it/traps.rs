//! Guests that fall over: in each export, and by leaving.

use std::sync::Arc;

use enginehouse_runtime::{Error, LoadError, Plugin, PluginConfig, Stage};

use crate::{
    common::{clean, inside, outside, task},
    trial::Trial,
};

pub(crate) async fn at_load(trial: &Trial) {
    let LoadError::Describe(error) = trial.refused().await else { panic!("it was refused for something else") };
    trapped::<()>(Stage::Describe, Err(*error));
}

pub(crate) async fn in_plan(trial: &Trial) {
    trapped(Stage::Plan, load(trial).await.plan(&outside(), &task()).await);
}

pub(crate) async fn in_generate(trial: &Trial) {
    trapped(Stage::Generate, load(trial).await.generate(&outside(), &task(), &[]).await);
}

pub(crate) async fn in_validate(trial: &Trial) {
    trapped(Stage::Validate, load(trial).await.validate(&outside(), &task(), "").await);
}

pub(crate) async fn in_submit(trial: &Trial) {
    let (plugin, (cx, attempt)) = (load(trial).await, inside());
    let code = clean(&plugin).await;
    trapped(Stage::Submit, plugin.submit(&cx, &task(), &code, &attempt).await);
}

pub(crate) async fn in_poll(trial: &Trial) {
    let (plugin, (cx, attempt)) = (load(trial).await, inside());
    trapped(Stage::Poll, plugin.poll(&cx, &attempt, "ticket").await);
}

pub(crate) async fn in_log(trial: &Trial) {
    let (plugin, (cx, attempt)) = (load(trial).await, inside());
    trapped(Stage::Log, plugin.log(&cx, &attempt, "ticket", 0).await);
}

pub(crate) async fn in_cancel(trial: &Trial) {
    let (plugin, (cx, attempt)) = (load(trial).await, inside());
    trapped(Stage::Cancel, plugin.cancel(&cx, &attempt, "ticket").await);
}

pub(crate) async fn in_fetch(trial: &Trial) {
    let (plugin, (cx, attempt)) = (load(trial).await, inside());
    trapped(Stage::Fetch, plugin.fetch(&cx, &attempt, "ticket").await);
}

pub(crate) async fn in_status(trial: &Trial) {
    trapped(Stage::Status, load(trial).await.status(&outside()).await);
}

/// Leaving ends the call, and not the host.
pub(crate) async fn exits(trial: &Trial) {
    match load(trial).await.plan(&outside(), &task()).await.unwrap_err() {
        Error::Trapped { stage: Stage::Plan, reason, .. } => assert!(reason.contains("exit"), "{reason}"),
        other => panic!("{other:?}"),
    }
}

async fn load(trial: &Trial) -> Arc<Plugin> {
    trial.load(PluginConfig::default()).await
}

#[track_caller]
fn trapped<T: std::fmt::Debug>(stage: Stage, result: Result<T, Error>) {
    match result.unwrap_err() {
        Error::Trapped { stage: found, output, .. } => {
            assert_eq!(found, stage);
            assert!(output.contains("trapped on purpose"), "{output}");
        }
        other => panic!("{other:?}"),
    }
}
