//! One suite per trait, run against every adapter. Each panics with what was promised and not kept.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a suite is a test: what goes wrong is to be told at once"
)]

mod batches;
mod catalog;
mod functions;
mod model;
mod objects;
mod processes;
mod tools;

pub use batches::batches;
pub use catalog::{catalog, catalog_samples, read_only_catalog};
pub use functions::functions;
pub use model::{Heard, ModelBackend, Trouble, model};
pub use objects::objects;
pub use processes::processes;
pub use tools::{ToolTrial, tools, tools_by};
