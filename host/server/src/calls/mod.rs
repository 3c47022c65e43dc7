//! Calls that take minutes: each is made once, in the background, and its answer kept.
//!
//! A call is a row before it is made, so no token is used twice, on whichever server. The host that makes it may go down: then
//! nobody knows the answer, and the call is lost, never made again.

mod failure;
mod functions;
mod making;
mod tools;

use enginehouse_capabilities::{CallContext, Error, Result, Token};
use tokio::sync::oneshot;
use uuid::Uuid;

use self::making::Making;

pub(crate) use self::{functions::BackgroundFunctions, tools::BackgroundTools};
use crate::{
    hash,
    run::pause,
    store::{self, CallState, Store},
};

/// How often an answer is handed to a store that fails: for some minutes.
const TRIES: u32 = 12;

/// The calls of one host.
#[derive(Debug, Clone)]
pub(crate) struct Calls {
    store: Store,
    host: Uuid,
    making: Making,
}

impl Calls {
    pub(crate) fn new(store: Store, host: Uuid) -> Self {
        Self { store, host, making: Making::default() }
    }

    /// Makes a call in the background, where its token was not used before. What it answers is JSON; none: nobody can know.
    async fn start(
        &self,
        cx: &CallContext,
        token: &Token,
        asked: &[&str],
        call: impl Future<Output = Option<String>> + Send + 'static,
    ) -> Result<()> {
        let run = cx.run.ok_or_else(|| Error::Denied("calls in the background belong to runs".into()))?;
        let (calls, token, request) = (self.clone(), token.to_string(), hash::of(asked.iter().copied()));
        let (tell, begun) = oneshot::channel();
        // From the row on in one task: whoever asked may go away in the middle.
        tokio::spawn(async move {
            let _made_here = calls.making.begin(&token);
            let noted = calls.store.begin_call(run, &token, calls.host, &request).await;
            let is_new = matches!(noted, Ok(true));
            let _gone = tell.send(noted.map(drop));
            if is_new {
                calls.keep(&token, call.await.as_deref().unwrap_or(LOST)).await;
            }
        });
        let fell_over = |_| Error::Unavailable("the call could not be begun".into());
        begun.await.map_err(fell_over)?.map_err(told)
    }

    async fn keep(&self, token: &str, answer: &str) {
        let mut failures = 0;
        while let Err(error) = self.store.end_call(token, self.host, answer).await {
            failures += 1;
            if error.is_lasting() || failures > TRIES {
                tracing::error!(token, %error, "the answer of a call in the background is lost");
                return;
            }
            tokio::time::sleep(pause(failures)).await;
        }
    }

    /// How far a call is. Of its own calls this host knows more than the store, where its lease may be written late.
    async fn check(&self, token: &Token) -> Result<Checked> {
        let is_made = || self.making.has(token.as_str());
        if is_made() {
            return Ok(Checked::Running);
        }
        match self.store.call(token.as_str()).await.map_err(told)? {
            None => Err(Error::NotFound(format!("no call was started under the token `{token}`"))),
            Some(CallState::Running(host)) if host == self.host && !is_made() => Ok(Checked::Lost),
            Some(CallState::Running(_)) => Ok(Checked::Running),
            Some(CallState::Lost) => Ok(Checked::Lost),
            Some(CallState::Answered(answer)) if answer == LOST => Ok(Checked::Lost),
            Some(CallState::Answered(answer)) => Ok(Checked::Answered(answer)),
        }
    }
}

/// Kept in the place of an answer that nobody can know.
const LOST: &str = "null";

enum Checked {
    Running,
    Answered(String),
    Lost,
}

fn told(error: store::Error) -> Error {
    match error {
        store::Error::CallTaken(_) => Error::Conflict(error.to_string()),
        error => Error::Unavailable(error.to_string()),
    }
}
