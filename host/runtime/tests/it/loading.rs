//! What is taken in, and what is not.

use std::sync::Arc;

use bytes::Bytes;
use enginehouse_capabilities::{Grants, Interface};
use enginehouse_runtime::{Generation, Limits, LoadError, PluginConfig, Registry};

use crate::{common::runtime, guest::Guest};

async fn refused(wasm: impl Into<Bytes>) -> LoadError {
    runtime().0.load(wasm.into(), PluginConfig::default()).await.unwrap_err()
}

fn component(wat: &str) -> Vec<u8> {
    wat::parse_str(wat).unwrap()
}

#[tokio::test]
async fn what_is_no_component_is_refused_with_what_it_is() {
    let cases: [(&[u8], &str); 6] = [
        (b"", "an empty file"),
        (b"#!/bin/sh", "no WebAssembly at all"),
        (b"\0asm\x01\0\0\0", "a core WebAssembly module, not a component"),
        (b"\0asm\x02\0\0\0", "a version that is not known here"),
        (b"\x7fELF\x02\x01", "a compiled file"),
        (b"  (component)", "WebAssembly as text"),
    ];
    for (wasm, expected) in cases {
        let error = refused(wasm.to_vec()).await;
        assert!(matches!(error, LoadError::NotAComponent(_)), "{error:?}");
        assert!(error.to_string().contains(expected), "{error}");
    }
    assert!(matches!(refused(vec![0; (64 << 20) + 1]).await, LoadError::TooLarge { .. }));
    assert!(matches!(refused(b"\0asm\x0d\0\x01\0garbage".to_vec()).await, LoadError::Compile(_)));
}

#[tokio::test]
async fn a_component_that_asks_for_more_is_refused_with_the_names() {
    let wat = r#"(component
        (import "wasi:cli/environment@0.2.6" (instance))
        (import "wasi:filesystem/types@0.2.6" (instance))
        (import "wasi:http/outgoing-handler@0.2.6" (instance)))"#;
    let error = refused(component(wat)).await;
    assert!(matches!(&error, LoadError::ForeignImports(names) if names.len() == 2), "{error:?}");
    let text = error.to_string();
    assert!(
        text.contains("`wasi:filesystem/types@0.2.6`") && text.contains("`wasi:http/outgoing-handler@0.2.6`"),
        "{text}"
    );
}

#[tokio::test]
async fn a_component_of_another_contract_is_refused() {
    let error = refused(component("(component)")).await;
    assert!(matches!(error, LoadError::NotASupervisor(_)), "{error:?}");
    let error = refused(component(r#"(component (import "enginehouse:supervisor/journal@0.2.0" (instance)))"#)).await;
    assert!(matches!(&error, LoadError::OtherContract(name) if name.contains("0.2.0")), "{error:?}");
    let wat = r#"(component (import "enginehouse:supervisor/journal@0.1.0" (instance (export "shout" (func))))
        (instance $nothing) (export "enginehouse:supervisor/supervisor@0.1.0" (instance $nothing)))"#;
    let error = refused(component(wat)).await;
    assert!(matches!(&error, LoadError::Mismatch(text) if text.contains("shout")), "{error:?}");
}

#[tokio::test]
async fn a_plugin_that_cannot_describe_itself_is_refused() {
    let error = refused(Guest::with("describe", "unreachable").wasm()).await;
    assert!(matches!(error, LoadError::Describe(_)), "{error:?}");
    let error = refused(Guest { framework: "No Name", ..Guest::default() }.wasm()).await;
    assert!(error.to_string().contains("description: framework"), "{error}");
}

#[tokio::test]
async fn unknown_settings_and_limits_out_of_range_are_refused() {
    let load = async |config| runtime().0.load(Guest::default().wasm().into(), config).await.unwrap_err();
    let settings = [("colour".to_owned(), "red".to_owned())].into();
    let error = load(PluginConfig { settings, ..PluginConfig::default() }).await;
    assert_eq!(error.to_string(), "the plugin knows no setting `colour`; it knows mode");
    let limits = Limits { memory: 2 << 30, ..Limits::default() };
    let error = load(PluginConfig { limits, ..PluginConfig::default() }).await;
    assert!(matches!(error, LoadError::Limit("memory", _)), "{error:?}");
}

#[tokio::test]
async fn what_is_imported_must_be_granted() {
    let import = |interface: &str, function: &str| {
        let fields = format!(
            "(import \"enginehouse:supervisor/{interface}@0.1.0\" \"{function}\" (func (param i32 i32 i32 i32 i32 i32)))"
        );
        Guest { fields, ..Guest::default() }.wasm()
    };
    let wasm = import("objects", "list");
    let load = async |grants: Grants| {
        let config = PluginConfig { grants, ..PluginConfig::default() };
        runtime().0.load(wasm.clone().into(), config).await
    };
    let error = load(Grants::default()).await.unwrap_err();
    assert!(matches!(&error, LoadError::NotGranted(missing) if missing == &[Interface::Objects]), "{error:?}");
    assert!(error.to_string().contains("--grant objects"), "{error}");
    let granted = load(Grants { interfaces: [Interface::Objects].into(), ..Grants::default() }).await.unwrap();
    assert_eq!(granted.imports(), &[Interface::Objects].into());
}

#[tokio::test]
async fn a_generation_leaves_memory_with_its_last_holder() {
    let runtime = runtime().0;
    let generation = async |number: u32, framework| {
        let wasm = Guest { framework, ..Guest::default() }.wasm();
        Arc::new(Generation::new(number, runtime.load(wasm.into(), PluginConfig::default()).await.unwrap()))
    };
    let registry = Registry::default();
    registry.activate(&generation(0, "").await);
    registry.activate(&generation(0, "other").await);
    let held = registry.get("hollow").unwrap();
    registry.activate(&generation(1, "").await);
    assert_eq!(registry.get("hollow").unwrap().number(), 1);
    assert_eq!(registry.get("other").unwrap().number(), 0, "another framework is not touched");
    assert!(Arc::ptr_eq(&registry.find("hollow", 0).unwrap(), &held));
    assert_eq!(registry.others("hollow").len(), 1);
    let memory = Arc::downgrade(&held);
    drop(held);
    assert_eq!(memory.strong_count(), 0);
    assert!(registry.find("hollow", 0).is_none() && registry.others("hollow").is_empty());
    let taken_up = generation(0, "").await;
    registry.keep(&taken_up);
    assert!(Arc::ptr_eq(&registry.find("hollow", 0).unwrap(), &taken_up));
    assert_eq!(registry.get("hollow").unwrap().number(), 1, "it serves only those who hold it");
    assert!(registry.get("nobody").is_none() && registry.others("nobody").is_empty());
}
