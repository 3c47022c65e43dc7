//! AWS adapters. Only here does anything say S3, Glue, Lambda, EMR or Bedrock.

mod account;
mod failure;
mod objects;
mod retry;
mod sign;

pub use account::{Account, AccountConfig, Service};
pub use objects::{Buckets, S3Config, S3Objects};
pub use sign::Signer;
