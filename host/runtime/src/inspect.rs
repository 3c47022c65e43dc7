//! What some bytes are, and what a component asks for and offers, before any of it runs.

use std::collections::BTreeSet;

use enginehouse_capabilities::Interface;
use semver::{Version, VersionReq};
use wasmtime::{Engine, component::Component};

use crate::{LoadError, error::MAX_NAME, values::cut};

/// The most bytes of a component: 64 MiB.
pub const MAX_BYTES: usize = 64 << 20;

const CONTRACT: &str = "enginehouse:supervisor/";
const SUPERVISOR: &str = "enginehouse:supervisor/supervisor";
/// What every toolchain imports; linked over an empty context.
const WASI: [&str; 4] = ["wasi:cli/", "wasi:io/", "wasi:clocks/", "wasi:random/"];

/// Refuses what is no component, and says what it is.
pub(crate) fn bytes(wasm: &[u8]) -> Result<(), LoadError> {
    if wasm.len() > MAX_BYTES {
        return Err(LoadError::TooLarge { bytes: wasm.len(), limit: MAX_BYTES });
    }
    if wasm.starts_with(b"\0asm\x0d\0\x01\0") {
        return Ok(());
    }
    Err(LoadError::NotAComponent(if wasm.is_empty() {
        "an empty file"
    } else if wasm.starts_with(b"\0asm\x01\0\0\0") {
        "a core WebAssembly module, not a component: build it for wasm32-wasip2, or run `wasm-tools component new` on it"
    } else if wasm.starts_with(b"\0asm") {
        "WebAssembly of a version that is not known here: build it for wasm32-wasip2"
    } else if wasm.starts_with(b"\x7fELF") {
        "a compiled file: hand in the component it was made from, the host compiles it itself"
    } else if wasm.trim_ascii_start().starts_with(b"(component") || wasm.trim_ascii_start().starts_with(b"(module") {
        "WebAssembly as text: hand in the binary that `wasm-tools parse` makes of it"
    } else {
        "no WebAssembly at all"
    }))
}

/// The interfaces that a component asks for. Refuses one that imports what no plugin gets, or that is no supervisor of this
/// contract.
pub(crate) fn component(engine: &Engine, component: &Component) -> Result<BTreeSet<Interface>, LoadError> {
    let component = component.component_type();
    let mut foreign = Vec::new();
    let mut asked = BTreeSet::new();
    for (name, _) in component.imports(engine) {
        if let Some(ours) = name.strip_prefix(CONTRACT) {
            speaks(name)?;
            asked.extend(ours.split('@').next().and_then(Interface::named));
        } else if !WASI.iter().any(|prefix| name.starts_with(prefix)) {
            foreign.push(format!("`{}`", cut(name, MAX_NAME)));
        }
    }
    if !foreign.is_empty() {
        return Err(LoadError::ForeignImports(foreign));
    }
    let exports: Vec<String> = component.exports(engine).map(|(name, _)| cut(name, MAX_NAME).to_owned()).collect();
    match exports.iter().find(|name| name.split('@').next() == Some(SUPERVISOR)) {
        Some(name) => speaks(name).map(|()| asked),
        None => Err(LoadError::NotASupervisor(exports)),
    }
}

/// Whether an interface of the contract has a version that this host speaks.
fn speaks(name: &str) -> Result<(), LoadError> {
    let version = name.split_once('@').and_then(|(_, version)| Version::parse(version).ok());
    let spoken = VersionReq::parse("^0.1").map_err(|error| LoadError::Host(error.to_string()))?;
    match version {
        Some(version) if spoken.matches(&version) => Ok(()),
        _ => Err(LoadError::OtherContract(name.to_owned())),
    }
}
