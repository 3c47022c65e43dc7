//! Tools over the Model Context Protocol, as streamable HTTP.
//!
//! The protocol itself is `rmcp`'s: all its versions over HTTP, answers as JSON and as events. Ours is whom we speak to with which
//! credentials, what is sent again (nothing that may have been handled), and what an error means.

mod auth;
mod connection;
mod failure;
mod http;
mod oauth;
mod reply;
mod settings;

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use enginehouse_capabilities::{CallContext, Error, Result, Tool, ToolReply, ToolServers, known};
use rmcp::model::JsonObject;
use tokio::{sync::Mutex, time::timeout};

pub use auth::McpAuth;
pub use oauth::{ClientCredentials, TokenPlace};
pub use settings::{McpServer, McpVersion};
pub(crate) use settings::{quoted, url};

use auth::Authorizer;
use connection::Connection;
use failure::{Doing, Failed, Tried};

/// What a tool may answer.
const MOST_CONTENT: usize = 6 << 20;
/// For all pages of what a server offers, the connection included.
const LISTED_WITHIN: Duration = Duration::from_secs(60);

/// Servers of tools by their names in the operator's settings. A connection is made when it is first used, and kept.
pub struct McpServers {
    servers: BTreeMap<String, Server>,
}

impl McpServers {
    /// Speaks to nobody yet.
    ///
    /// # Errors
    /// [`Error::Invalid`] for an address that is none; the text names the setting.
    pub fn new(servers: BTreeMap<String, McpServer>) -> Result<Self> {
        let servers = servers.into_iter().map(|(name, settings)| Ok((name.clone(), Server::new(name, settings)?)));
        Ok(Self { servers: servers.collect::<Result<_>>()? })
    }

    fn server(&self, name: &str) -> Result<&Server> {
        self.servers.get(name).ok_or_else(|| {
            let known = known(self.servers.keys());
            Error::Unconfigured(format!(
                "no tool server is called {} ({known}); the setting is `tools.servers`",
                settings::quoted(name)
            ))
        })
    }
}

#[async_trait]
impl ToolServers for McpServers {
    async fn list(&self, server: &str) -> Result<Vec<Tool>> {
        let server = self.server(server)?;
        timeout(LISTED_WITHIN, server.list()).await.unwrap_or_else(|_| {
            let tried = Tried { server: &server.name, doing: Doing::Listing };
            Err(Error::TimedOut(format!("{tried} within {} s", LISTED_WITHIN.as_secs())))
        })
    }

    async fn call(
        &self,
        _: &CallContext,
        server: &str,
        tool: &str,
        arguments: &str,
        patience: Duration,
    ) -> Result<ToolReply> {
        let server = self.server(server)?;
        let arguments: JsonObject = serde_json::from_str(arguments).map_err(|e| {
            Error::Invalid(format!("the arguments of a tool are a JSON object, and these are not: {e}"))
        })?;
        let sent = AtomicBool::new(false);
        timeout(patience, server.call(tool, arguments, &sent)).await.unwrap_or_else(|_| {
            let tried = Tried { server: &server.name, doing: Doing::Calling(tool) };
            let effect = if sent.load(Ordering::Relaxed) { tried.perhaps() } else { "; it was not called" };
            Err(Error::TimedOut(format!("{tried} within {patience:?}{effect}")))
        })
    }
}

impl fmt::Display for McpServers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.servers.keys().map(String::as_str).collect();
        write!(f, "MCP ({})", names.join(", "))
    }
}

impl fmt::Debug for McpServers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("McpServers").field(&self.servers.keys()).finish()
    }
}

struct Server {
    name: String,
    url: String,
    version: Option<McpVersion>,
    client: http::Client,
    /// Held while a connection is made, so that many calls at once make one.
    connection: Mutex<Option<Arc<Connection>>>,
    /// Names that a list had, so that a tool's failure is told from its absence without asking each time.
    known: Mutex<BTreeSet<String>>,
}

impl Server {
    fn new(name: String, settings: McpServer) -> Result<Self> {
        let url = settings::url(&settings.url)
            .map_err(|reason| Error::Invalid(format!("`tools.servers.{name}.url`: {reason}")))?;
        let http = http::http(&url)?;
        let authorizer = Authorizer::new(&name, settings.auth, &http);
        Ok(Self {
            client: http::Client::new(http, authorizer),
            // As it was parsed: so it is signed, and so it is sent.
            url: url.into(),
            version: settings.version,
            connection: Mutex::default(),
            known: Mutex::default(),
            name,
        })
    }

    async fn list(&self) -> Result<Vec<Tool>> {
        let tools = self.tools().await?;
        let tools = tools.into_iter().map(|tool| Tool {
            input_schema: serde_json::Value::Object(Arc::unwrap_or_clone(tool.input_schema)).to_string(),
            description: tool.description.map(String::from).or(tool.title).unwrap_or_default(),
            name: tool.name.into(),
        });
        Ok(tools.collect())
    }

    async fn tools(&self) -> Result<Vec<rmcp::model::Tool>> {
        let mut again = true;
        loop {
            let connection = self.connection().await?;
            match connection.list().await {
                Ok(tools) => {
                    *self.known.lock().await = tools.iter().map(|tool| tool.name.to_string()).collect();
                    return Ok(tools);
                }
                Err(failed) => self.mend(failed, &connection, &mut again).await?,
            }
        }
    }

    async fn call(&self, tool: &str, arguments: JsonObject, sent: &AtomicBool) -> Result<ToolReply> {
        let mut again = true;
        loop {
            let connection = self.connection().await?;
            sent.store(true, Ordering::Relaxed);
            let failed = match connection.call(tool, arguments.clone()).await {
                Ok(result) => return self.reply(tool, result).await,
                Err(failed) => failed,
            };
            sent.store(false, Ordering::Relaxed);
            if matches!(failed, Failed::Answered(Error::Invalid(_))) && self.is_missing(tool).await {
                return Err(self.missing(tool));
            }
            self.mend(failed, &connection, &mut again).await?;
        }
    }

    async fn reply(&self, tool: &str, result: rmcp::model::CallToolResult) -> Result<ToolReply> {
        // Servers also say so that they do not know the tool.
        if result.is_error == Some(true) && self.is_missing(tool).await {
            return Err(self.missing(tool));
        }
        let tried = Tried { server: &self.name, doing: Doing::Calling(tool) };
        let reply = reply::reply(result).map_err(|e| tried.other(e))?;
        if reply.content.len() > MOST_CONTENT {
            let text =
                format!("it answers {} bytes, and {MOST_CONTENT} are allowed; the tool has run", reply.content.len());
            return Err(tried.other(text));
        }
        Ok(reply)
    }

    /// Whether the server does not offer this tool; false where that cannot be found out.
    async fn is_missing(&self, tool: &str) -> bool {
        if self.known.lock().await.contains(tool) {
            return false;
        }
        matches!(self.tools().await, Ok(tools) if tools.iter().all(|offered| offered.name != tool))
    }

    fn missing(&self, tool: &str) -> Error {
        Error::NotFound(format!("the tool server `{}` has no tool {}", self.name, settings::quoted(tool)))
    }

    /// The connection that there is, else another.
    async fn connection(&self) -> Result<Arc<Connection>> {
        let mut kept = self.connection.lock().await;
        if let Some(connection) = kept.as_ref().filter(|connection| !connection.is_over()) {
            return Ok(connection.clone());
        }
        let opened = Connection::open(&self.name, &self.url, self.version, self.client.clone()).await;
        let connection = opened.map_err(|failed| match failed {
            Failed::Broken(error) | Failed::Answered(error) => error,
            Failed::SessionGone => self.forgetful(),
        })?;
        Ok(kept.insert(Arc::new(connection)).clone())
    }

    /// What is to be done about a failure: nothing but to try again, where the server handled nothing since it forgot the session,
    /// and that but once.
    async fn mend(&self, failed: Failed, used: &Arc<Connection>, again: &mut bool) -> Result<()> {
        if !matches!(failed, Failed::Answered(_)) {
            // Others may have made another meanwhile. Calls that still wait over this one hold it.
            let mut kept = self.connection.lock().await;
            if kept.as_ref().is_some_and(|kept| Arc::ptr_eq(kept, used)) {
                *kept = None;
            }
        }
        match failed {
            Failed::SessionGone if std::mem::take(again) => Ok(()),
            Failed::SessionGone => Err(self.forgetful()),
            Failed::Broken(error) | Failed::Answered(error) => Err(error),
        }
    }

    fn forgetful(&self) -> Error {
        Error::Unavailable(format!("the tool server `{}` forgets each session at once; it handled nothing", self.name))
    }
}
