//! Tools, at once and in the background.

use std::{fmt, sync::Arc, time::Duration};

use async_trait::async_trait;
use enginehouse_capabilities::{CallContext, Error, Result, Token, Tool, ToolReply, ToolServers, ToolState, Tools};

use super::{Calls, Checked, failure::Failure};

/// How long a plugin waits for a tool that is called at once: less than its own call has.
const AT_ONCE: Duration = Duration::from_secs(25);
/// How long a tool may take in the background where its run does not say.
const IN_BACKGROUND: Duration = Duration::from_secs(3600);

/// What is kept of a call: what the tool said and whether it failed, or why it did not run.
type Kept = std::result::Result<(String, bool), Failure>;

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
            let kept = match servers.call(&context, &to, &named, &given, patience).await {
                Ok(ToolReply { content, is_error }) => Ok((content, is_error)),
                Err(error) => {
                    let reason = error.to_string();
                    tracing::warn!(server = to, tool = named, reason, "a tool has not answered");
                    Err(Failure::of(error)?)
                }
            };
            serde_json::to_string::<Kept>(&kept).ok()
        };
        self.calls.start(cx, token, &["tool", server, tool, arguments], call).await
    }

    async fn check(&self, token: &Token) -> Result<ToolState> {
        Ok(match self.calls.check(token).await? {
            Checked::Running => ToolState::Running,
            Checked::Lost => ToolState::Lost,
            Checked::Answered(answer) => {
                let kept: Kept = serde_json::from_str(&answer)
                    .map_err(|error| Error::other("the answer of a tool cannot be read", error))?;
                let (content, is_error) = kept.map_err(Error::from)?;
                ToolState::Answered(ToolReply { content, is_error })
            }
        })
    }
}
