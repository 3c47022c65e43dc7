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
    let took: Duration = report.checks.iter().map(|check| check.took).sum();
    println!("{}\nin {took:?}", report.text());
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
