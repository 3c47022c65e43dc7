//! The kit against plugins that are sound and plugins that are not.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod common;
#[path = "../../../guests/faulty/src/fault.rs"]
mod fault;
mod faulty;
mod sound;
