//! Engines on this machine: what they are made of, where they live, what they need.
//!
//! One folder per user holds every engine, each in a folder named after the SHA-256 of its lock, so that all servers of
//! that user share it and a new lock is installed beside the old one. Only `install` writes there.

mod doctor;
mod engine;
mod error;
mod install;
mod machine;
mod root;
mod spark;

pub use doctor::Check;
pub use engine::{Access, Engine, Jvm, Needs, Pool};
pub use error::Error;
pub use root::{EnginesRoot, Installed};

pub(crate) use machine::{SANDBOX, bubblewrap_mend, bubblewrap_works};
