//! The functions that the host offers. Each is an import: a component imports what it uses, the operator grants it.

pub use crate::bindings::enginehouse::supervisor::{
    batches, catalog, codegen, functions, journal, objects, processes, settings, tools,
};

/// A line in the run's event stream for the caller.
pub fn note(message: &str) {
    journal::note(journal::Level::Info, message);
}
