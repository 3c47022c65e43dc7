//! AWS adapters. Only here does anything say S3, Glue, Lambda, EMR or Bedrock.

mod account;
mod arn;
mod batches;
mod catalog;
mod credentials;
mod failure;
mod functions;
mod iam;
mod models;
mod objects;
mod permission;
mod retry;
mod secrets;
mod sign;

pub use account::{Account, AccountConfig, Service};
pub use batches::{BatchTarget, EmrBatches};
pub use catalog::{GlueCatalog, GlueConfig};
pub use functions::{FunctionTarget, LambdaFunctions, PayloadShape};
pub use iam::Policy;
pub use models::{AgentCoreConfig, AgentCoreModel, ConverseConfig, ConverseModel, Guardrail};
pub use objects::{Buckets, S3Access, S3Config, S3Objects};
pub use permission::{Permission, Verdict};
pub use secrets::{may_read_secret, secret};
pub use sign::Signer;
