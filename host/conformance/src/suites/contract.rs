//! The contract, one file for exports that belong together.

pub(super) mod cancel;
pub(super) mod describe;
pub(super) mod plan;
pub(super) mod read;
mod shapes;
pub(super) mod work;
pub(super) mod write;
