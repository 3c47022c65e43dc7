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
    store::{self, Store},
};

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

    async fn hold_to_budgets(&self, framework: &str, run: Uuid) -> Result<()> {
        let spent_up = |spent: u64, whom: &str, setting: String| {
            Err(Error::QuotaExceeded(format!(
                "the model took {spent} tokens for {whom} in the last 24 hours, all that the setting `{setting}` allows: try again \
                 later"
            )))
        };
        if let Some(budget) = self.budgets.of_plugins.get(framework) {
            let spent = self.store.tokens_of_a_day(framework).await.map_err(unavailable)?;
            if spent >= *budget {
                let setting = format!("frameworks.{framework}.grants.codegen.tokens-per-day");
                return spent_up(spent, &format!("`{framework}`"), setting);
            }
        }
        if let Some(budget) = self.budgets.of_a_caller {
            let spent = self.store.tokens_of_a_caller(run).await.map_err(unavailable)?;
            if spent >= budget {
                return spent_up(spent, "this caller", "limits.codegen.tokens-per-day".to_owned());
            }
        }
        Ok(())
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
        self.hold_to_budgets(&cx.framework, run).await?;
        let answer = async {
            let answer = self.model.answer(cx, request, &ear).await;
            drop(ear);
            answer
        };
        let (reply, ()) = tokio::join!(answer, mouth.tell(&self.store, &self.events, run, attempt));
        let reply = reply?;
        self.store.keep_answer(&cx.framework, (run, attempt), &prompt, &reply).await.map_err(unavailable)?;
        Ok(reply)
    }
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
