//! Embedded backends: object store, catalog and engines on this machine.

pub mod catalog;
pub mod engines;
pub mod processes;
pub mod store;
