//! The host's core carries any engine: what is special to one is in its plugin, in `host/local`, or in a path of the seed.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails loudly")]

use std::{collections::BTreeSet, fs, path::Path};

/// Who wires an adapter or serves one names it, as it would any other protocol.
const WIRING: &[&str] = &["server/src/backends/tools.rs", "server/src/gateway.rs", "server/src/cli/gateway.rs"];
/// Words of engines, in lower case.
const ENGINES: &[&str] = &["spark", "pyspark", "ray"];

#[test]
fn no_engine_is_named_in_the_hosts_core() {
    let host = Path::new("../host");
    let mut found = BTreeSet::new();
    let mut read = 0;
    for part in ["capabilities/src", "runtime/src", "server/src"] {
        for file in enginehouse_tests::files(&host.join(part)) {
            let name = file.strip_prefix(host).unwrap().display().to_string();
            // The seed's own paths and variables are named after engines; tests name whom they like.
            if name.contains("/seed/")
                || name.ends_with("/seed.rs")
                || name == "server/src/http/routes.rs"
                || WIRING.contains(&name.as_str())
                || name.ends_with("/tests.rs")
            {
                continue;
            }
            let text = fs::read_to_string(&file).unwrap();
            read += 1;
            for (number, line) in text.lines().enumerate() {
                let mut words = line.split(|c: char| !c.is_ascii_alphanumeric()).map(str::to_ascii_lowercase);
                if words.any(|word| ENGINES.contains(&word.as_str())) {
                    found.insert(format!("{name}:{}: {}", number + 1, line.trim()));
                }
            }
        }
    }
    assert!(read > 100, "only {read} files were looked at");
    assert!(found.is_empty(), "{found:#?}");
}
