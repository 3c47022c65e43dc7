//! The agent that plugins ask: what it said is kept, so that a crash between its answer and the next step does not ask, and pay,
//! it twice; and no plugin and no caller takes more than their share.

use std::{collections::BTreeMap, fmt, sync::Arc};

use async_trait::async_trait;
use enginehouse_capabilities::{CallContext, Codegen, CodegenReply, CodegenRequest, Error, Model, Result, Role};
use uuid::Uuid;

use super::heard;
use crate::{
    events::Events,
    hash,
    run::pause,
    store::{self, Reserved, Spender, Store, TokenBudgets},
};

/// How often an answer is handed to a store that fails: for half a minute.
const TRIES: u32 = 6;

/// The most tokens, read and written, of 24 hours.
#[derive(Debug, Clone, Default)]
pub(crate) struct Budgets {
    /// By framework.
    pub(crate) of_plugins: BTreeMap<String, u64>,
    /// Of each caller; none: any number.
    pub(crate) of_a_caller: Option<u64>,
}

/// A model whose answers to runs are kept, told and counted.
#[derive(Debug)]
pub(crate) struct Agent {
    model: Arc<dyn Model>,
    store: Store,
    events: Events,
    budgets: Budgets,
}

impl Agent {
    pub(crate) fn new(model: Arc<dyn Model>, store: Store, events: Events, budgets: Budgets) -> Self {
        Self { model, store, events, budgets }
    }

    /// Counts an answer ahead, by what it may take at most.
    async fn reserve(&self, framework: &str, run: Uuid, request: &CodegenRequest) -> Result<Reserved> {
        let budgets = TokenBudgets {
            of_plugin: self.budgets.of_plugins.get(framework).copied(),
            of_caller: self.budgets.of_a_caller,
        };
        let reserved = self.store.reserve_tokens(framework, run, at_most(request), budgets).await;
        reserved.map_err(|error| {
            let store::Error::OutOfTokens { spender, .. } = &error else { return unavailable(error) };
            let (whom, setting) = match spender {
                Spender::Plugin => {
                    (format!("`{framework}`"), format!("frameworks.{framework}.grants.codegen.tokens-per-day"))
                }
                Spender::Caller => ("this caller".to_owned(), "limits.codegen.tokens-per-day".to_owned()),
            };
            Error::QuotaExceeded(format!("{error} for {whom}: the setting is `{setting}`; try again later"))
        })
    }

    /// Keeps an answer, which was paid for, also where the store fails for a moment.
    async fn keep(
        &self,
        reserved: Reserved,
        attempt: (Uuid, i64),
        prompt: &str,
        answer: Result<CodegenReply>,
    ) -> Result<CodegenReply> {
        let reply = match answer {
            Ok(reply) => reply,
            Err(error) => {
                if let Err(error) = self.store.release_tokens(reserved).await {
                    tracing::warn!(%error, "an answer that never came stays counted for a day");
                }
                return Err(error);
            }
        };
        let mut failures = 0;
        while let Err(error) = self.store.keep_answer(&reserved, attempt, prompt, &reply).await {
            failures += 1;
            if error.is_lasting() || failures > TRIES {
                return Err(unavailable(error));
            }
            tokio::time::sleep(pause(failures)).await;
        }
        Ok(reply)
    }
}

impl fmt::Display for Agent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.model.fmt(f)
    }
}

#[async_trait]
impl Codegen for Agent {
    async fn generate(&self, cx: &CallContext, request: CodegenRequest) -> Result<CodegenReply> {
        let (ear, mouth) = heard::pair();
        let Some(run) = cx.run else { return self.model.answer(cx, request, &ear).await };
        let prompt = hash(&request);
        let attempt = self.store.attempt_being_written(run).await.map_err(unavailable)?;
        let attempt = attempt.ok_or_else(|| Error::NotFound(format!("there is no run {run}")))?;
        if let Some(reply) = self.store.answer(run, attempt, &prompt).await.map_err(unavailable)? {
            return Ok(reply);
        }
        let reserved = self.reserve(&cx.framework, run, &request).await?;
        let answer = async {
            let answer = self.model.answer(cx, request, &ear).await;
            drop(ear);
            self.keep(reserved, (run, attempt), &prompt, answer).await
        };
        // Kept before the last of it is told: that may wait, and be cut off.
        let (reply, ()) = tokio::join!(answer, mouth.tell(&self.store, &self.events, run, attempt));
        reply
    }
}

/// What an answer may take: all that is written, and what is read at four bytes a token, as text mostly has.
fn at_most(request: &CodegenRequest) -> u64 {
    let read = request.system.len() + request.messages.iter().map(|message| message.text.len()).sum::<usize>();
    u64::from(request.max_tokens) + (read / 4) as u64
}

fn unavailable(error: store::Error) -> Error {
    Error::Unavailable(error.to_string())
}

/// Stands for all that the model is told.
fn hash(request: &CodegenRequest) -> String {
    let tokens = request.max_tokens.to_string();
    let said = request.messages.iter().flat_map(|message| {
        let role = match message.role {
            Role::User => "user",
            Role::Assistant => "assistant",
        };
        [role, message.text.as_str()]
    });
    hash::of(std::iter::once(request.system.as_str()).chain(said).chain(std::iter::once(tokens.as_str())))
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
