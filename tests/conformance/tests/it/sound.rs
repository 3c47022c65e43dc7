//! Plugins that are sound pass, with every check made.

use std::time::Duration;

use enginehouse_conformance::{Outcome, Report, Sample, check, check_with, conforms};
use enginehouse_runtime::PluginConfig;

use crate::common::{FAULTY, RUNTIME, report, skipped, with};

/// Only the author's sample may be skipped, where none is given.
#[track_caller]
fn assert_sound(report: &Report) {
    assert!(report.passed(), "{}", report.text());
    assert_eq!(skipped(report), ["the author's sample is clean"], "{}", report.text());
    // The first loads it: that may mean compiling.
    let took: Duration = report.checks.iter().skip(1).map(|check| check.took).sum();
    assert!(took < Duration::from_secs(20), "a gate takes seconds, and not {took:?}\n{}", report.text());
}

#[tokio::test]
async fn the_faulty_plugin_without_a_fault() {
    assert_sound(&report(None).await);
}

#[tokio::test]
async fn both_bundled_plugins() {
    for bundled in enginehouse_bundle::ALL {
        let report = check(&RUNTIME, bundled.wasm.into(), PluginConfig::default()).await;
        assert_eq!(report.plugin.as_ref().unwrap().framework, bundled.name);
        assert_sound(&report);
    }
}

#[tokio::test]
async fn with_a_sample_of_the_authors() {
    let sample = Sample { prompt: "count".into(), code: "any code\n".into() };
    let report = check_with(&RUNTIME, FAULTY.clone(), with(None), sample).await;
    assert!(report.passed(), "{}", report.text());
    assert!(skipped(&report).is_empty(), "{}", report.text());
}

#[tokio::test]
async fn a_sample_that_is_not_clean_is_the_authors_to_mend() {
    let sample = Sample { code: "this is bad\n".into(), ..Sample::default() };
    let report = check_with(&RUNTIME, FAULTY.clone(), with(None), sample).await;
    let failed: Vec<_> = report.failures().map(|check| check.name).collect();
    assert_eq!(failed, ["the author's sample is clean"], "{}", report.text());
    assert!(skipped(&report).contains(&"`poll` follows work to its end"), "{}", report.text());
}

/// What only a real engine writes is nothing to fail a plugin for.
#[tokio::test]
async fn a_plugin_that_reads_what_its_program_wrote() {
    let mut config = with(None);
    config.settings.insert("manifest".into(), "yes".into());
    let report = check(&RUNTIME, FAULTY.clone(), config).await;
    assert!(report.passed(), "{}", report.text());
    assert!(skipped(&report).contains(&"`fetch` gives the same every time"), "{}", report.text());
    assert!(!skipped(&report).contains(&"`poll` follows work to its end"), "{}", report.text());
}

#[tokio::test]
async fn a_setting_that_the_plugin_does_not_know() {
    let mut config = with(None);
    config.settings.insert("colour".into(), "red".into());
    let report = check(&RUNTIME, FAULTY.clone(), config).await;
    assert!(!report.passed() && report.plugin.is_none());
    assert!(report.text().contains("no setting `colour`"), "{}", report.text());
}

#[tokio::test]
async fn as_a_test_of_the_authors() {
    conforms(enginehouse_conformance_tests::FAULTY).await.unwrap();
    let missing = conforms("no/such/file.wasm").await.unwrap_err().to_string();
    assert!(missing.starts_with("`no/such/file.wasm` cannot be read"), "{missing}");
}

#[tokio::test]
async fn what_is_no_component_does_not_load() {
    let report = check(&RUNTIME, "no component".into(), PluginConfig::default()).await;
    assert_eq!((report.plugin.is_none(), report.checks.len()), (true, 1));
    assert!(
        matches!(&report.checks[0].outcome, Outcome::Failed(text) if text.contains("no WebAssembly")),
        "{report:?}"
    );
}

enginehouse_conformance::conforms!(enginehouse_conformance_tests::FAULTY);
