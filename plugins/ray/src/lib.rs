//! The Ray supervisor: writes, reads and runs Ray programs.

mod failure;
mod plan;
mod platforms;
mod rules;
mod supervisor;
mod value;
mod write;

pub use supervisor::Ray;

#[cfg(target_family = "wasm")]
enginehouse_sdk::register!(Ray);
