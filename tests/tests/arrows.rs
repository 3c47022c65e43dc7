//! Crates depend downwards only: the house as the architecture draws it, held against what cargo sees.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails loudly"
)]

use std::{collections::BTreeMap, process::Command};

use serde_json::Value;

/// Every package of the workspace, with those of the workspace that it may depend on.
const MAY: &[(&str, &[&str])] = &[
    ("enginehouse-capabilities", &[]),
    ("enginehouse-runtime", &["enginehouse-capabilities"]),
    ("enginehouse-local", &["enginehouse-capabilities"]),
    ("enginehouse-aws", &["enginehouse-capabilities"]),
    ("enginehouse-protocols", &["enginehouse-capabilities"]),
    ("enginehouse-conformance", &["enginehouse-capabilities", "enginehouse-runtime"]),
    (
        "enginehouse",
        &[
            "enginehouse-capabilities",
            "enginehouse-runtime",
            "enginehouse-local",
            "enginehouse-aws",
            "enginehouse-protocols",
            "enginehouse-bundle",
            "enginehouse-conformance",
        ],
    ),
    ("enginehouse-sdk", &[]),
    ("enginehouse-pycheck", &["enginehouse-sdk"]),
    ("enginehouse-recipes", &["enginehouse-sdk"]),
    ("enginehouse-corpus", &["enginehouse-sdk"]),
    ("enginehouse-spark", &["enginehouse-sdk", "enginehouse-pycheck", "enginehouse-recipes"]),
    ("enginehouse-ray", &["enginehouse-sdk", "enginehouse-pycheck", "enginehouse-recipes"]),
    ("enginehouse-component", &[]),
    ("enginehouse-bundle", &["enginehouse-component"]),
    ("enginehouse-conformance-tests", &["enginehouse-component"]),
    ("enginehouse-hostile-tests", &["enginehouse-component", "enginehouse-runtime"]),
    ("enginehouse-fakes", &[]),
    ("enginehouse-guest-faulty", &["enginehouse-sdk"]),
    ("enginehouse-guest-grown", &["enginehouse-sdk"]),
    ("enginehouse-guest-hostile", &["enginehouse-sdk"]),
    ("enginehouse-guest-marked", &["enginehouse-sdk"]),
    ("enginehouse-guest-metered", &["enginehouse-sdk"]),
];

/// What a package must never reach, directly: the border it stands for.
const NEVER: &[(&str, &[&str])] = &[
    ("enginehouse-capabilities", &["tokio", "axum", "wasmtime", "sqlx"]),
    ("enginehouse-runtime", &["axum", "sqlx", "reqwest"]),
];

fn direct_dependencies() -> BTreeMap<String, Vec<String>> {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let manifest = "../Cargo.toml";
    let output = Command::new(cargo)
        .args(["metadata", "--format-version", "1", "--no-deps", "--offline", "--manifest-path", manifest])
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    packages
        .iter()
        .map(|package| {
            let normal =
                package["dependencies"].as_array().unwrap().iter().filter(|dependency| dependency["kind"] != "dev");
            let names = normal.map(|dependency| dependency["name"].as_str().unwrap().to_owned()).collect();
            (package["name"].as_str().unwrap().to_owned(), names)
        })
        .collect()
}

#[test]
fn every_arrow_points_down() {
    let found = direct_dependencies();
    for (package, dependencies) in &found {
        if package == "enginehouse-tests" {
            continue;
        }
        let (_, may) = MAY
            .iter()
            .find(|(name, _)| name == package)
            .unwrap_or_else(|| panic!("`{package}` is new: say in this test what it may depend on"));
        for dependency in dependencies.iter().filter(|name| found.contains_key(*name)) {
            assert!(may.contains(&dependency.as_str()), "`{package}` depends on `{dependency}`: that arrow points up");
        }
    }
    for (package, _) in MAY {
        assert!(found.contains_key(*package), "`{package}` is gone from the workspace");
    }
}

#[test]
fn borders_hold() {
    let found = direct_dependencies();
    for (package, never) in NEVER {
        for dependency in &found[*package] {
            let crosses = never.contains(&dependency.as_str()) || dependency.starts_with("aws-");
            assert!(!crosses, "`{package}` must not depend on `{dependency}`");
        }
    }
}
