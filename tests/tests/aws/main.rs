//! Everything that is at AWS, behind fakes with the real wire format whose engine is the real one of this machine; and models that
//! are wrong before they are right.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails loudly"
)]

mod doctor;
mod function;
mod house;
mod models;
mod pairs;
mod runs;
