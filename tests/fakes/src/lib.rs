//! Stands in for what cannot run here: AWS control planes and models, with the real wire format.
//!
//! Every request to a fake of AWS is held against the service's published API model, and so is every answer: neither our
//! adapters nor the fakes can say what the service does not know.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "only tests use it, and a test fails loudly"
)]

pub mod aws;
pub mod model;
pub mod openai;
pub mod python;
mod script;
mod serve;

pub use script::Script;
