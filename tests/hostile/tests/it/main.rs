//! The runtime against guests that mean harm. Each of them is contained: the call ends in time, the memory comes back, and calls
//! of another plugin on the same thread go on meanwhile.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod answers;
mod borders;
mod by_hand;
mod common;
mod compiling;
mod computing;
#[path = "../../../guests/hostile/src/deeds.rs"]
mod deeds;
mod floods;
#[path = "../../../../host/runtime/tests/it/guest.rs"]
mod guest;
mod list;
mod loading;
mod memory;
#[path = "../../../../host/runtime/tests/it/recorder.rs"]
mod recorder;
#[path = "../../../../host/runtime/tests/it/scope.rs"]
mod scope;
mod traps;
mod trial;

use enginehouse_runtime::Capabilities;
