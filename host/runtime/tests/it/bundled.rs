//! The plugins that come with the binary.

use enginehouse_runtime::{PluginConfig, PluginSource, PluginState, Registry, Severity};

use crate::common::{outside, runtime, task};

#[tokio::test]
async fn all_bundled_plugins_serve_under_their_names() {
    let sources = enginehouse_bundle::ALL.iter().map(|bundled| PluginSource {
        name: bundled.name.into(),
        wasm: bundled.wasm.into(),
        config: PluginConfig::default(),
    });
    let registry = Registry::load(&runtime().0, sources.collect()).await;
    for status in registry.statuses() {
        match status.state {
            PluginState::Serving { description, .. } => assert_eq!(description.framework, status.name),
            PluginState::Failed { reason } => panic!("{}: {reason}", status.name),
        }
        let plugin = registry.get(&status.name).unwrap();
        let report = plugin.validate(&outside(), &task(), "print(").await.unwrap();
        assert!(report.findings.iter().any(|finding| finding.severity == Severity::Error), "{report:?}");
        assert_eq!(report.validated, None);
    }
}
