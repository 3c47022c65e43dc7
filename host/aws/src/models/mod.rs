//! Models: an agent in Bedrock AgentCore, and models of Bedrock's own.

mod agentcore;
mod answer;
mod converse;
mod preflight;

use std::{future::Future, time::Duration};

use enginehouse_capabilities::{Error, Finish, Result};

pub use self::{
    agentcore::{AgentCoreConfig, AgentCoreModel},
    converse::{ConverseConfig, ConverseModel, Guardrail},
};

/// The most bytes of an answer, as it travels from AgentCore or as text from Bedrock.
const MOST_BYTES: usize = 4 << 20;

/// From the request to the last piece of the answer: what AgentCore allows a call that does not stream.
const MOST_TIME: Duration = Duration::from_secs(15 * 60);

/// How an answer ended, by Bedrock's own words. None: it is no answer, but a call of a tool or broken.
fn finish(stop_reason: &str) -> Option<Finish> {
    match stop_reason {
        "end_turn" | "stop_sequence" => Some(Finish::Complete),
        "max_tokens" | "model_context_window_exceeded" => Some(Finish::Truncated),
        "guardrail_intervened" | "content_filtered" => Some(Finish::Refused),
        _ => None,
    }
}

/// The answer, or [`Error::TimedOut`] after [`MOST_TIME`].
async fn within<T>(who: &str, answer: impl Future<Output = Result<T>>) -> Result<T> {
    let late = || Error::TimedOut(format!("{who} has not answered in {} minutes", MOST_TIME.as_secs() / 60));
    tokio::time::timeout(MOST_TIME, answer).await.map_err(|_| late())?
}

fn too_long(who: &str) -> Error {
    Error::Other {
        message: format!("{who} sends an answer of more than {} MiB, which is not read on", MOST_BYTES >> 20),
        source: None,
    }
}
