//! Services of AWS over HTTP.

mod agentcore;
mod answer;
mod bedrock;
mod fault;
mod server;

pub use self::{
    agentcore::{AgentCore, AgentReply},
    answer::Answer,
    bedrock::{Bedrock, ModelReply},
    fault::Fault,
    server::{Call, FakeAws, Service},
};
