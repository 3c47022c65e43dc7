//! What the tests share.

use std::{fs, path::Path, sync::LazyLock};

use bytes::Bytes;
use enginehouse_conformance::{Outcome, Report, check};
use enginehouse_runtime::{PluginConfig, Runtime};

use crate::fault::Fault;

/// One engine for all tests, which keeps what it compiled from one run of them to the next.
pub(crate) static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| {
    let cache = Path::new(env!("CARGO_TARGET_TMPDIR")).join("compiled-plugins");
    enginehouse_conformance::runtime(&cache).unwrap()
});

/// The component with the faults.
pub(crate) static FAULTY: LazyLock<Bytes> =
    LazyLock::new(|| fs::read(enginehouse_conformance_tests::FAULTY).unwrap().into());

/// The plugin with one fault, or none.
pub(crate) fn with(fault: Option<Fault>) -> PluginConfig {
    let settings = fault.into_iter().map(|fault| ("fault".to_owned(), fault.name().to_owned())).collect();
    PluginConfig { settings, ..PluginConfig::default() }
}

pub(crate) async fn report(fault: Option<Fault>) -> Report {
    check(&RUNTIME, FAULTY.clone(), with(fault)).await
}

/// The checks that were skipped.
pub(crate) fn skipped(report: &Report) -> Vec<&'static str> {
    let skipped = report.checks.iter().filter(|check| matches!(check.outcome, Outcome::Skipped(_)));
    skipped.map(|check| check.name).collect()
}
