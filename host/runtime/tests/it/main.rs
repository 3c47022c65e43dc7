//! Real components in the real engine.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod bundled;
mod calls;
mod common;
mod engine;
mod guest;
mod loading;
mod recorder;
mod scope;

use enginehouse_runtime::Capabilities;
