//! Guests that go where they may not.

use enginehouse_capabilities::{Grants, Interface};
use enginehouse_runtime::{LoadError, PluginConfig};

use crate::{
    common::{inside, outside, task},
    trial::Trial,
};

/// Functions with a target or a place, which the operator can narrow.
const NARROWED: usize = 16;

/// What no attempt is needed for, `status` may look at, or `generate` is there for.
pub(crate) async fn outside_an_attempt(trial: &Trial) {
    // A context with an attempt: the export decides whether that counts.
    let (cx, _) = inside();
    let plugin = trial.load(PluginConfig::default()).await;
    let described = &plugin.describe().rules[0].summary;
    let planned = plugin.plan(&cx, &task()).await.unwrap().reason;
    for kinds in [described, &planned] {
        assert_eq!(kinds.split(' ').collect::<Vec<_>>(), ["denied"; 23]);
    }
    let findings = plugin.validate(&cx, &task(), "").await.unwrap().findings;
    let read: Vec<_> = findings.into_iter().map(|finding| finding.message).collect();
    assert_eq!(but_denied(&read), [""; 0]);
    assert_eq!(trial.recorder.lines(), [""; 0]);

    let written = plugin.generate(&cx, &task(), &[]).await.unwrap().code;
    let written: Vec<_> = written.lines().map(str::to_owned).collect();
    assert_eq!(but_denied(&written), ["codegen.generate", "catalog.databases", "catalog.tables", "catalog.table"]);
    let reached = ["codegen.generate 1", "catalog.databases", "catalog.tables sales", "catalog.table sales.orders"];
    assert_eq!(trial.recorder.lines(), reached);

    let health: Vec<_> = plugin.status(&cx).await.unwrap().into_iter().map(|health| health.detail).collect();
    assert_eq!(but_denied(&health), ["tools.list", "processes.probe"]);
    assert_eq!(trial.recorder.lines()[reached.len()..], ["tools.list local", "processes.probe local"]);
}

/// What names a target, a database or an object is denied with the name of the setting. What names a token finds the attempt's own
/// work: nothing can have begun where its target was never granted, and what began before can still be stopped.
pub(crate) async fn narrowed(trial: &Trial) {
    let elsewhere = |interface| (interface, ["elsewhere".to_owned()].into());
    let names = [Interface::Catalog, Interface::Functions, Interface::Batches, Interface::Tools, Interface::Processes];
    let grants = Grants {
        read: Some(Vec::new()),
        write: Some(Vec::new()),
        names: names.into_iter().map(elsewhere).collect(),
        ..Grants::all()
    };
    let plugin = trial.load(PluginConfig { grants, ..PluginConfig::default() }).await;
    let (cx, attempt) = inside();
    let lines: Vec<_> = lines(plugin.log(&cx, &attempt, "ticket", 0).await.unwrap().text);
    let named = lines.iter().filter(|line| line.contains("denied: ") && line.contains("frameworks.hostile.grants."));
    assert_eq!(named.count(), NARROWED, "{lines:#?}");
    let by_token = ["functions.check", "tools.check", "processes.check", "processes.log", "processes.cancel"];
    let reach = [&["catalog.databases"][..], &by_token].concat();
    assert_eq!(but_denied(&lines), reach);
    let reached = trial.recorder.lines();
    assert_eq!(reached.iter().map(|line| line.split(' ').next().unwrap()).collect::<Vec<_>>(), reach);
}

pub(crate) async fn granted_nothing(trial: &Trial) {
    let config = PluginConfig { grants: Grants::default(), ..PluginConfig::default() };
    match trial.try_load(config).await.unwrap_err() {
        LoadError::NotGranted(missing) => assert_eq!(missing, Interface::ALL),
        other => panic!("{other:?}"),
    }
}

pub(crate) async fn wanders(trial: &Trial) {
    assert!(refused(trial).await > 50);
}

pub(crate) async fn names_another(trial: &Trial) {
    assert_eq!(refused(trial).await, 9);
}

pub(crate) async fn long_token(trial: &Trial) {
    assert_eq!(refused(trial).await, 9);
}

/// How many calls `log` makes, none of which reaches a capability.
async fn refused(trial: &Trial) -> usize {
    let plugin = trial.load(PluginConfig::default()).await;
    let (cx, attempt) = inside();
    let lines = lines(plugin.log(&cx, &attempt, "ticket", 0).await.unwrap().text);
    let refused = |line: &&String| line.contains(": denied: ") || line.contains(": invalid: ");
    assert_eq!(lines.iter().filter(|line| !refused(line)).collect::<Vec<_>>(), [""; 0]);
    assert_eq!(trial.recorder.lines(), [""; 0]);
    lines.len()
}

pub(crate) async fn asks_twice(trial: &Trial) {
    let plugin = trial.load(PluginConfig::default()).await;
    let lines = lines(plugin.generate(&outside(), &task(), &[]).await.unwrap().code);
    assert!(lines[0].contains("Unconfigured") && lines[1].contains("denied: "), "{lines:?}");
    assert_eq!(trial.recorder.lines(), ["codegen.generate 1"]);
    let again = plugin.generate(&outside(), &task(), &[]).await.unwrap().code;
    assert!(again.contains("Unconfigured"), "every call may ask once: {again}");
}

fn lines(text: String) -> Vec<String> {
    text.lines().map(str::to_owned).collect()
}

/// The functions that were not denied.
fn but_denied(lines: &[String]) -> Vec<&str> {
    assert!(lines.len() >= 23, "{lines:?}");
    let others = lines.iter().filter(|line| !line.contains(": denied: "));
    others.map(|line| line.split(':').next().unwrap()).collect()
}
