//! What the product does, without HTTP: each noun has a file, each verb a function with the application first.

pub mod catalog;
pub mod code;
pub mod error;
pub mod frameworks;
pub mod ids;
pub mod inspect;
pub mod intake;
pub mod objects;
mod places;
pub mod plugins;
pub mod results;
pub mod retention;
pub mod runs;
pub mod sessions;
pub mod sources;
pub mod transcode;
pub mod uploads;

pub use error::{Error, Result};
