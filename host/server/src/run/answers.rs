//! Keeps what the model said, so that a crash between its answer and the next step does not ask, and pay, it twice.

use std::{collections::BTreeMap, fmt, sync::Arc};

use async_trait::async_trait;
use enginehouse_capabilities::{CallContext, Codegen, CodegenReply, CodegenRequest, Error, Result, Role};
use sha2::{Digest, Sha256};

use crate::store::Store;

/// A model whose answers to runs are kept.
#[derive(Debug)]
pub(crate) struct KeptAnswers {
    model: Arc<dyn Codegen>,
    store: Store,
    /// The most tokens of a day, by framework.
    budgets: BTreeMap<String, u64>,
}

impl KeptAnswers {
    pub(crate) fn new(model: Arc<dyn Codegen>, store: Store, budgets: BTreeMap<String, u64>) -> Self {
        Self { model, store, budgets }
    }
}

impl fmt::Display for KeptAnswers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.model.fmt(f)
    }
}

#[async_trait]
impl Codegen for KeptAnswers {
    async fn generate(&self, cx: &CallContext, request: CodegenRequest) -> Result<CodegenReply> {
        let Some(run) = cx.run else { return self.model.generate(cx, request).await };
        let prompt = hash(&request);
        let unavailable = |error: crate::store::Error| Error::Unavailable(error.to_string());
        let attempt = self.store.attempt_being_written(run).await.map_err(unavailable)?;
        let attempt = attempt.ok_or_else(|| Error::NotFound(format!("there is no run {run}")))?;
        if let Some(reply) = self.store.answer(run, attempt, &prompt).await.map_err(unavailable)? {
            return Ok(reply);
        }
        if let Some(budget) = self.budgets.get(&cx.framework) {
            let spent = self.store.tokens_of_a_day(&cx.framework).await.map_err(unavailable)?;
            if spent >= *budget {
                return Err(Error::QuotaExceeded(format!(
                    "the model was given {spent} tokens for `{0}` in the last 24 hours, all that the setting \
                     `frameworks.{0}.grants.codegen.tokens-per-day` allows: try again later",
                    cx.framework
                )));
            }
        }
        let reply = self.model.generate(cx, request).await?;
        self.store.keep_answer(&cx.framework, (run, attempt), &prompt, &reply).await.map_err(unavailable)?;
        Ok(reply)
    }
}

/// SHA-256 of all that the model is told, in hex; lengths go first, so that no two requests read alike.
fn hash(request: &CodegenRequest) -> String {
    let mut hash = Sha256::new();
    let mut add = |part: &str| {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    };
    add(&request.system);
    for message in &request.messages {
        add(match message.role {
            Role::User => "user",
            Role::Assistant => "assistant",
        });
        add(&message.text);
    }
    add(&request.max_tokens.to_string());
    hex::encode(hash.finalize())
}

#[cfg(test)]
mod tests {
    use enginehouse_capabilities::Message;

    use super::*;

    #[test]
    fn another_request_has_another_hash() {
        let message = |role, text: &str| Message { role, text: text.into() };
        let request = |system: &str, messages| CodegenRequest { system: system.into(), messages, max_tokens: 10 };
        let hashes = [
            request("ab", vec![message(Role::User, "c")]),
            request("a", vec![message(Role::User, "bc")]),
            request("ab", vec![message(Role::Assistant, "c")]),
            request("ab", vec![message(Role::User, "c"), message(Role::User, "")]),
            CodegenRequest { max_tokens: 11, ..request("ab", vec![message(Role::User, "c")]) },
        ]
        .map(|request| hash(&request));
        let distinct: std::collections::BTreeSet<_> = hashes.iter().collect();
        assert_eq!(distinct.len(), hashes.len());
    }
}
