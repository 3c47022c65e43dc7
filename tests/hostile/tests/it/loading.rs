//! Components that are not taken in.

use enginehouse_runtime::{LoadError, MAX_COMPONENT_BYTES, PluginConfig};

use crate::{
    guest::Guest,
    trial::{Trial, contained},
};

/// A component with imports that nobody exports for.
fn importing(names: impl IntoIterator<Item = String>) -> Vec<u8> {
    let imports: String = names.into_iter().map(|name| format!("(import \"{name}\" (instance))")).collect();
    wat::parse_str(format!("(component {imports})")).unwrap()
}

async fn refused(wasm: impl Into<bytes::Bytes>, check: impl Fn(LoadError)) {
    contained(Trial::new(wasm), async |trial: &Trial| check(trial.refused().await)).await;
}

#[tokio::test]
async fn files_and_sockets_of_wasi() {
    let names = ["wasi:filesystem/types", "wasi:filesystem/preopens", "wasi:sockets/tcp", "wasi:http/outgoing-handler"];
    refused(importing(names.map(|name| format!("{name}@0.2.6"))), |error| {
        assert!(matches!(&error, LoadError::ForeignImports(found) if found.len() == names.len()), "{error:?}");
        assert!(names.iter().all(|name| error.to_string().contains(name)), "{error}");
    })
    .await;
}

#[tokio::test]
async fn many_imports_with_long_names() {
    refused(importing((0..900).map(|number| format!("a:b/c{number}-{}", "n".repeat(10_000)))), |error| {
        assert!(matches!(&error, LoadError::ForeignImports(names) if names.len() == 900), "{error:?}");
        assert!(error.to_string().len() < 8_192, "{} bytes", error.to_string().len());
    })
    .await;
}

/// The guest of another version of the contract: as long as the interfaces' names are, the bytes stay in place.
fn of_version(version: &str) -> Vec<u8> {
    let mut wasm = Guest::default().wasm();
    let spoken = b"@0.1.0";
    let places: Vec<_> = (0..wasm.len() - spoken.len()).filter(|at| wasm[*at..].starts_with(spoken)).collect();
    assert!(!places.is_empty());
    for at in places {
        wasm[at + 1..at + spoken.len()].copy_from_slice(version.as_bytes());
    }
    wasm
}

#[tokio::test]
async fn an_older_and_a_newer_contract() {
    for version in ["0.0.9", "0.2.0", "1.0.0"] {
        refused(of_version(version), |error| {
            assert!(matches!(&error, LoadError::OtherContract(name) if name.contains(version)), "{error:?}");
        })
        .await;
    }
}

/// Made for a newer host of the same track, and content with what this one has.
#[tokio::test]
async fn a_newer_contract_of_the_same_track() {
    contained(Trial::new(of_version("0.1.9")), async |trial: &Trial| {
        let plugin = trial.load(PluginConfig::default()).await;
        assert_eq!(plugin.describe().framework, "hollow");
    })
    .await;
}

#[tokio::test]
async fn what_is_no_component() {
    let whole = Guest::default().wasm();
    let mut flipped = whole.clone();
    flipped[whole.len() / 2] ^= 0xff;
    let cut = whole[..whole.len() / 2].to_vec();
    let core = wat::parse_str("(module (func (export \"describe\")))").unwrap();
    for (bytes, said) in [
        (core, "a core WebAssembly module"),
        (b"\0asm\x0d\0\x01\0garbage".to_vec(), "does not compile"),
        (b"\0asm\x0d\0\x01\0\x01\xff\xff\xff\xff\x0f".to_vec(), "does not compile"),
        (cut, "does not compile"),
        (flipped, ""),
    ] {
        refused(bytes, |error| assert!(error.to_string().contains(said), "{error}")).await;
    }
}

#[tokio::test]
async fn a_component_of_65_mebibytes() {
    refused(vec![0; MAX_COMPONENT_BYTES + (1 << 20)], |error| {
        assert!(matches!(error, LoadError::TooLarge { .. }), "{error:?}");
    })
    .await;
}
