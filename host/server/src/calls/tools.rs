//! Tools, at once and in the background.

use std::{fmt, sync::Arc, time::Duration};

use async_trait::async_trait;
use enginehouse_capabilities::{CallContext, Error, Result, Token, Tool, ToolReply, ToolServers, ToolState, Tools};

use super::{Calls, Checked};

/// How long a plugin waits for a tool that is called at once: less than its own call has.
const AT_ONCE: Duration = Duration::from_secs(25);
/// How long a tool may take in the background where its run does not say.
const IN_BACKGROUND: Duration = Duration::from_secs(3600);

/// [`Tools`] over whatever calls them.
#[derive(Debug)]
pub(crate) struct BackgroundTools {
    servers: Arc<dyn ToolServers>,
    calls: Calls,
}

impl BackgroundTools {
    pub(crate) fn new(servers: Arc<dyn ToolServers>, calls: Calls) -> Self {
        Self { servers, calls }
    }
}

impl fmt::Display for BackgroundTools {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.servers.fmt(f)
    }
}

#[async_trait]
impl Tools for BackgroundTools {
    async fn list(&self, server: &str) -> Result<Vec<Tool>> {
        self.servers.list(server).await
    }

    async fn call(&self, cx: &CallContext, server: &str, tool: &str, arguments: &str) -> Result<ToolReply> {
        self.servers.call(cx, server, tool, arguments, AT_ONCE).await
    }

    async fn start(&self, cx: &CallContext, token: &Token, server: &str, tool: &str, arguments: &str) -> Result<()> {
        let (servers, context) = (Arc::clone(&self.servers), cx.clone());
        let [to, named, given] = [server, tool, arguments].map(str::to_owned);
        let patience = cx.attempt.as_ref().map_or(IN_BACKGROUND, |attempt| attempt.timeout);
        let call = async move {
            let ToolReply { content, is_error } = match servers.call(&context, &to, &named, &given, patience).await {
                Ok(reply) => reply,
                Err(Error::TimedOut(reason)) => {
                    tracing::warn!(server = to, tool = named, reason, "the answer of a tool was not waited for");
                    return None;
                }
                Err(error) => {
                    ToolReply { content: serde_json::Value::from(error.to_string()).to_string(), is_error: true }
                }
            };
            serde_json::to_string(&(content, is_error)).ok()
        };
        self.calls.start(cx, token, &["tool", server, tool, arguments], call).await
    }

    async fn check(&self, token: &Token) -> Result<ToolState> {
        Ok(match self.calls.check(token).await? {
            Checked::Running => ToolState::Running,
            Checked::Lost => ToolState::Lost,
            Checked::Answered(answer) => {
                let (content, is_error) = serde_json::from_str(&answer)
                    .map_err(|error| Error::other("the answer of a tool cannot be read", error))?;
                ToolState::Answered(ToolReply { content, is_error })
            }
        })
    }
}
