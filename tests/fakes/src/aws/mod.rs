//! Services of AWS over HTTP.

mod agentcore;
mod answer;
mod emr;
mod bedrock;
mod fault;
mod lambda;
mod server;

pub use self::{
    agentcore::{AgentCore, AgentReply},
    answer::Answer,
    emr::EmrServerless,
    bedrock::{Bedrock, ModelReply},
    fault::Fault,
    lambda::{Lambda, LambdaOutcome},
    server::{Call, FakeAws, Service},
};
