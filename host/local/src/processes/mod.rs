//! Programs on this machine, each in a sandbox of its own.
//!
//! Every program has a folder that holds all there is to know of it; a small process of its own, the [`shim`], starts its
//! sandbox, keeps it within its limits, and outlives a restart of the host. Nothing runs without the sandbox.

mod channel;
mod collect;
mod config;
mod folder;
mod inputs;
mod local;
mod logs;
mod pool;
mod queue;
mod sandbox;
pub mod shim;
mod usage;
mod watch;

pub use config::{Limits, ProcessesConfig, Shim};
pub use local::LocalProcesses;

pub(crate) use folder::{Folder, Setup, Task};
pub(crate) use sandbox::{GO, isolation, sandbox};
