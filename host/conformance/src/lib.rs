//! Tries a plugin out against the contract (`wit/`), over capabilities that are made up: no engine, no model, no store.
//!
//! One kit, used three ways: by the plugin's author in `cargo test` ([`conforms!`]), at the command line, and by the host
//! before it activates a plugin. [`check`] gives a [`Report`] whose failures say what happened and what the author has
//! to do.
//!
//! ```no_run
//! enginehouse_conformance::conforms!("target/wasm32-wasip2/release/my_plugin.wasm");
//! ```
//!
//! Where no program that the kit knows is clean for a plugin, the checks about work are skipped; [`check_with`] takes a
//! [`Sample`] of the author's.

mod author;
mod bench;
mod book;
mod check;
mod judge;
mod report;
mod samples;
mod suites;
mod tasks;
mod world;

#[doc(hidden)]
pub use author::conforms_blocking;
pub use author::{Unfit, conforms, runtime};
pub use check::{check, check_with};
pub use report::{Check, Identity, Outcome, Report, Suite};
pub use samples::Sample;
