//! Functions in the background.

use std::{fmt, sync::Arc};

use async_trait::async_trait;
use enginehouse_capabilities::{
    CallContext, Error, FunctionAnswer, FunctionBilled, FunctionState, Functions, Invoke, Result, Token,
};

use super::{Calls, Checked};

/// [`Functions`] over whatever calls them.
#[derive(Debug)]
pub(crate) struct BackgroundFunctions {
    invoke: Arc<dyn Invoke>,
    calls: Calls,
}

impl BackgroundFunctions {
    pub(crate) fn new(invoke: Arc<dyn Invoke>, calls: Calls) -> Self {
        Self { invoke, calls }
    }
}

impl fmt::Display for BackgroundFunctions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.invoke.fmt(f)
    }
}

#[async_trait]
impl Functions for BackgroundFunctions {
    async fn start(&self, cx: &CallContext, token: &Token, target: &str, payload: &str) -> Result<()> {
        self.invoke.check(target, payload)?;
        let (invoke, context, named) = (Arc::clone(&self.invoke), cx.clone(), token.clone());
        let (to, what) = (target.to_owned(), payload.to_owned());
        let call = async move {
            let FunctionAnswer { payload, error, log, billed } = match invoke.invoke(&context, &named, &to, &what).await
            {
                Ok(answer) => answer,
                Err(Error::TimedOut(reason)) => {
                    tracing::warn!(target = to, reason, "the answer of a function was not waited for");
                    return None;
                }
                // It did not run, or what it said cannot be had: as good as an answer that says so.
                Err(error) => {
                    let (error, log) = (Some(error.to_string()), String::new());
                    FunctionAnswer { payload: "null".into(), error, log, billed: None }
                }
            };
            let billed = billed.map(|billed| (billed.milliseconds, billed.memory_mb));
            serde_json::to_string(&(payload, error, log, billed)).ok()
        };
        self.calls.start(cx, token, &["function", target, payload], call).await
    }

    async fn check(&self, token: &Token) -> Result<FunctionState> {
        Ok(match self.calls.check(token).await? {
            Checked::Running => FunctionState::Running,
            Checked::Lost => FunctionState::Lost,
            Checked::Answered(answer) => {
                let (payload, error, log, billed): (_, _, _, Option<(u32, u32)>) = serde_json::from_str(&answer)
                    .map_err(|error| Error::other("the answer of a function cannot be read", error))?;
                let billed = billed.map(|(milliseconds, memory_mb)| FunctionBilled { milliseconds, memory_mb });
                FunctionState::Answered(FunctionAnswer { payload, error, log, billed })
            }
        })
    }
}
