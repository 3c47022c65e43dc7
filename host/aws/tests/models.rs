//! Models over the fakes of AgentCore and Bedrock: what they promise, and what goes wrong.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails loudly"
)]

mod models {
    mod agentcore;
    mod converse;
    mod house;
}
