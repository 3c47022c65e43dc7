//! The bindings, made once from `wit/`. Not part of the public interface: `lib.rs` exports names by hand.
#![allow(missing_docs, unreachable_pub, clippy::all, clippy::indexing_slicing, reason = "generated code")]

wasmtime::component::bindgen!({
    path: "../../wit",
    world: "plugin",
    imports: { default: async | trappable },
    exports: { default: async },
    trappable_error_type: { "enginehouse:supervisor/types.error" => enginehouse_capabilities::Error },
    additional_derives: [Clone, PartialEq, serde::Serialize, serde::Deserialize],
});
