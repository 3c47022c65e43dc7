//! AWS adapters. Only here does anything say S3, Glue, Lambda, EMR or Bedrock.

mod account;
mod catalog;
mod failure;
mod objects;
mod retry;

pub use account::{Account, AccountConfig, Service};
pub use catalog::{GlueCatalog, GlueConfig};
pub use objects::{Buckets, S3Access, S3Config, S3Objects};
