//! The plugins that come with the binary.

use std::fs;

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

/// However its lines end, wherever its columns are: `validate` fails where a finding lies outside the code.
#[tokio::test]
async fn what_the_bundled_plugins_find_lies_within_the_code() {
    let runtime = runtime().0;
    for bundled in enginehouse_bundle::ALL {
        let plugin = runtime.load(bundled.wasm.into(), PluginConfig::default()).await.unwrap();
        let (mut programs, mut placed) = (0, 0);
        for path in fs::read_dir("../../plugins/pycheck/tests/corpus").unwrap().map(|entry| entry.unwrap().path()) {
            let code = fs::read_to_string(&path).unwrap();
            let shapes = [
                code.replace('\n', "\r\n"),
                code.replace('\n', "\r"),
                code.replace('\n', "\n\r"),
                code.replace("    ", "\t").replace("= ", "=\u{c} "),
                format!("\u{feff}{code}"),
                format!("\u{c}# é😀\n{}", code.trim_end()),
                code.chars().take(code.chars().count() / 2).collect(),
                code,
            ];
            for code in shapes {
                let report = plugin.validate(&outside(), &task(), &code).await.unwrap();
                placed += report.findings.iter().filter(|finding| finding.span.is_some()).count();
                programs += 1;
            }
        }
        assert!(programs > 100 && placed > 100, "{programs} programs, {placed} findings with a place");
    }
}
