//! The plugins that come with the binary.

use enginehouse_runtime::{PluginConfig, Severity};

use crate::common::{outside, runtime, task};

#[tokio::test]
async fn all_bundled_plugins_serve_under_their_names() {
    let runtime = runtime().0;
    for bundled in enginehouse_bundle::ALL {
        let plugin = runtime.load(bundled.wasm.into(), PluginConfig::default()).await.unwrap();
        assert_eq!(plugin.describe().framework, bundled.name);
        let report = plugin.validate(&outside(), &task(), "print(").await.unwrap();
        assert!(report.findings.iter().any(|finding| finding.severity == Severity::Error), "{report:?}");
        assert_eq!(report.validated, None);
    }
}
