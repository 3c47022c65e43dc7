//! Guests that answer what the contract forbids.

use enginehouse_runtime::{Error, PluginConfig, Severity};

use crate::{
    common::{clean, inside, outside, task},
    trial::Trial,
};

/// The plugin without a deed is sound: whatever the others do is the deed's doing.
pub(crate) async fn sound(trial: &Trial) {
    let plugin = trial.load(PluginConfig::default()).await;
    let (cx, attempt) = inside();
    plugin.plan(&cx, &task()).await.unwrap();
    plugin.generate(&cx, &task(), &[]).await.unwrap();
    let code = clean(&plugin).await;
    let ticket = plugin.submit(&cx, &task(), &code, &attempt).await.unwrap();
    plugin.poll(&cx, &attempt, &ticket).await.unwrap();
    plugin.log(&cx, &attempt, &ticket, 0).await.unwrap();
    plugin.cancel(&cx, &attempt, &ticket).await.unwrap();
    plugin.fetch(&cx, &attempt, &ticket).await.unwrap();
    plugin.status(&cx).await.unwrap();
    assert_eq!(trial.recorder.lines(), [""; 0]);
}

pub(crate) async fn span_outside(trial: &Trial) {
    let plugin = trial.load(PluginConfig::default()).await;
    forbidden(plugin.validate(&outside(), &task(), "print(1)\n").await, "finding 1: span: is within the code");
    // Nor where `submit` refuses code for it.
    let (code, (cx, attempt)) = (clean(&plugin).await, inside());
    forbidden(plugin.submit(&cx, &task(), &code, &attempt).await, "finding 1: span: is within the code");
}

pub(crate) async fn long_ticket(trial: &Trial) {
    ticket(trial, "at most").await;
}

pub(crate) async fn nul_ticket(trial: &Trial) {
    ticket(trial, "ticket: holds no NUL").await;
}

pub(crate) async fn empty_ticket(trial: &Trial) {
    ticket(trial, "ticket: is not empty").await;
}

async fn ticket(trial: &Trial, rule: &str) {
    let plugin = trial.load(PluginConfig::default()).await;
    let (code, (cx, attempt)) = (clean(&plugin).await, inside());
    forbidden(plugin.submit(&cx, &task(), &code, &attempt).await, rule);
}

pub(crate) async fn result_outside(trial: &Trial) {
    let plugin = trial.load(PluginConfig::default()).await;
    let (cx, attempt) = inside();
    forbidden(plugin.fetch(&cx, &attempt, "ticket").await, "result `s3://runs/");
}

/// A plugin that does not say the same twice breaks the contract, and the conformance kit refuses it. What the host promises is
/// that nobody sees two reports of the same code while the first is kept, and that code with an error is in no report fit to
/// submit, whatever another report says of it.
pub(crate) async fn by_chance(trial: &Trial) {
    let plugin = trial.load(PluginConfig::default()).await;
    let anew = trial.load(PluginConfig::default()).await;
    let mut differ = 0;
    for code in (0..20).map(|number| number.to_string()) {
        let first = plugin.validate(&outside(), &task(), &code).await.unwrap();
        assert_eq!(plugin.validate(&outside(), &task(), &code).await.unwrap(), first);
        let another = anew.validate(&outside(), &task(), &code).await.unwrap();
        differ += usize::from(another != first);
        for report in [first, another] {
            let has_error = report.findings.iter().any(|finding| finding.severity == Severity::Error);
            assert_eq!(report.validated.is_none(), has_error);
        }
    }
    assert!(differ > 0, "chance said the same twenty times");
}

#[track_caller]
fn forbidden<T: std::fmt::Debug>(result: Result<T, Error>, rule: &str) {
    match result.unwrap_err() {
        Error::Invalid(value) => assert!(value.to_string().contains(rule), "{value}"),
        other => panic!("{other:?}"),
    }
}
