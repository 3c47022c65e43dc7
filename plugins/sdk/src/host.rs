//! The functions that the host offers. Each is an import: a component imports what it uses, the operator grants it.

pub use crate::bindings::enginehouse::supervisor::{
    batches, catalog, codegen, functions, journal, objects, processes, settings, tools,
};

/// A line in the run's event stream for the caller. In native tests nobody reads it.
pub fn note(message: &str) {
    if cfg!(target_family = "wasm") {
        journal::note(journal::Level::Info, message);
    }
}

/// What the operator set under this name, one that `describe` lists; none where they set nothing: the host fills in no
/// default. In native tests nothing is set.
#[must_use]
pub fn setting(name: &str) -> Option<String> {
    if cfg!(target_family = "wasm") { settings::get(name) } else { None }
}
