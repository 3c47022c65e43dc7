//! Services of AWS over HTTP.

mod agentcore;
mod answer;
mod bedrock;
mod emr;
mod fault;
mod glue;
mod lambda;
mod s3;
mod secrets;
mod server;

pub use self::{
    agentcore::{AgentCore, AgentReply},
    answer::Answer,
    bedrock::{Bedrock, ModelReply},
    emr::EmrServerless,
    fault::Fault,
    glue::Glue,
    lambda::{Lambda, LambdaOutcome},
    s3::S3Proxy,
    secrets::Secrets,
    server::{Call, FakeAws, Service},
};
