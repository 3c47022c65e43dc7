//! AWS adapters. Only here does anything say S3, Glue, Lambda, EMR or Bedrock.

mod account;
mod failure;
mod models;
mod objects;
mod retry;

pub use account::{Account, AccountConfig, Service};
pub use models::{AgentCoreConfig, AgentCoreModel, ConverseConfig, ConverseModel, Guardrail};
pub use objects::{Buckets, S3Config, S3Objects};
