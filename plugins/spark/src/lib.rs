//! The Spark supervisor: writes, reads and runs PySpark programs.

mod estimate;
mod failure;
mod plan;
mod platforms;
mod prelude;
mod rules;
mod supervisor;
mod write;

pub use supervisor::Spark;

#[cfg(target_family = "wasm")]
enginehouse_sdk::register!(Spark);
