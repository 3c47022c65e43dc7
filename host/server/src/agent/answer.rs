//! What the agent says.

use enginehouse_capabilities::{CodegenReply, Finish, Result};
use serde_json::{Value, json};

/// The answer at once.
pub(super) fn whole(reply: &Result<CodegenReply>, session: &str) -> Value {
    said(reply, session, |reply| ("code", json!(reply.text)))
}

/// What follows the pieces.
pub(super) fn last(reply: &Result<CodegenReply>, session: &str) -> Value {
    said(reply, session, |_| ("done", json!(true)))
}

/// In the place of an answer that nothing is left of.
pub(super) fn broken() -> Value {
    json!({"error": {"kind": "other", "message": "the agent broke off in the middle of an answer"}})
}

fn said(reply: &Result<CodegenReply>, session: &str, first: impl Fn(&CodegenReply) -> (&'static str, Value)) -> Value {
    let reply = match reply {
        Ok(reply) => reply,
        Err(error) => {
            tracing::warn!(session, %error, "the model did not answer");
            return json!({"error": {"kind": error.kind(), "message": error.to_string()}});
        }
    };
    let (name, value) = first(reply);
    json!({
        name: value,
        "model": reply.model,
        "stop_reason": stop_reason(reply.finish),
        "usage": {"input_tokens": reply.input_tokens, "output_tokens": reply.output_tokens},
        "session_id": session,
    })
}

/// In Bedrock's words.
fn stop_reason(finish: Finish) -> &'static str {
    match finish {
        Finish::Complete => "end_turn",
        Finish::Truncated => "max_tokens",
        Finish::Refused => "content_filtered",
    }
}
