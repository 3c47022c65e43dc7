//! One suite per trait, run against every adapter. Each panics with what was promised and not kept.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a suite is a test: what goes wrong is to be told at once")]

mod catalog;
mod objects;
mod processes;
mod tools;

pub use catalog::catalog;
pub use objects::objects;
pub use processes::processes;
pub use tools::tools;
