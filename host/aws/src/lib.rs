//! AWS adapters: S3 today.

mod objects;

pub use objects::{Buckets, S3Config, S3Objects};
