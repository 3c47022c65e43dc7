//! Tools of a real server, and of one that does what a real one never should.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails loudly"
)]

mod credentials;
mod fake;
mod hostile;
mod python;
mod real;
mod secrets;

use std::time::Duration;

use enginehouse_capabilities::{CallContext, Result, ToolReply, ToolServers};
use enginehouse_protocols::mcp::{McpAuth, McpServer, McpServers, McpVersion};

/// One server, which is called `trial`.
fn servers(url: &str, auth: McpAuth, version: Option<McpVersion>) -> McpServers {
    McpServers::new([("trial".to_owned(), McpServer { url: url.to_owned(), auth, version })].into()).unwrap()
}

async fn call(servers: &McpServers, tool: &str, arguments: &str) -> Result<ToolReply> {
    call_within(servers, tool, arguments, Duration::from_secs(20)).await
}

async fn call_within(servers: &McpServers, tool: &str, arguments: &str, patience: Duration) -> Result<ToolReply> {
    let nobody = CallContext { framework: "trial".to_owned(), digest: String::new(), run: None, attempt: None };
    servers.call(&nobody, "trial", tool, arguments, patience).await
}
