//! Tools over the Model Context Protocol, as streamable HTTP.
//!
//! The protocol itself is `rmcp`'s: all its versions over HTTP, answers as JSON and as events. Ours is whom we speak to with which
//! credentials, what is sent again (nothing that may have been handled), and what an error means.

mod auth;
mod connection;
mod failure;
mod http;
mod oauth;
mod peer;
mod reply;
mod settings;
mod tokens;

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
use rmcp::model::{CallToolResult, JsonObject};
use secrecy::SecretString;
use tokio::{
    sync::Mutex,
    time::{Instant, timeout},
};

pub use auth::McpAuth;
pub use oauth::{ClientCredentials, TokenPlace};
pub use settings::{McpServer, McpVersion};
pub(crate) use settings::{quoted, url};

use auth::Authorizer;
use connection::Connection;
use failure::{Doing, Failed};
use peer::Peer;

/// What a tool may answer.
const MOST_CONTENT: usize = 6 << 20;
/// For all pages of what a server offers, the connection included.
const LISTED_WITHIN: Duration = Duration::from_secs(60);
/// For the question whether a tool that failed is there at all.
const LOOKED_UP_WITHIN: Duration = Duration::from_secs(5);

/// Servers of tools by their names in the operator's settings. A connection is made when it is first used, and kept.
///
/// What a server offers has at most 8 MiB in all its pages, 10,000 tools and 1,000 pages, else it is `QuotaExceeded`; a list that goes
/// round in a circle is `Unavailable`. A tool's answer has at most 6 MiB. Errors, and what a tool says of its failure, repeat no secret of ours.
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
            let tried = server.peer.tried(Doing::Listing);
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
        server.call(tool, arguments, patience).await
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
    peer: Arc<Peer>,
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
        // Some servers have their key in the address.
        let query = url.query().map(SecretString::from);
        let peer = Arc::new(Peer::new(name, settings.auth.secret().into_iter().chain(query)));
        let authorizer = Authorizer::new(Arc::clone(&peer), settings.auth, &http);
        Ok(Self {
            client: http::Client::new(http, authorizer),
            // As it was parsed: so it is signed, and so it is sent.
            url: url.into(),
            version: settings.version,
            connection: Mutex::default(),
            known: Mutex::default(),
            peer,
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

    async fn call(&self, tool: &str, arguments: JsonObject, patience: Duration) -> Result<ToolReply> {
        let (begun, sent) = (Instant::now(), AtomicBool::new(false));
        let answer = timeout(patience, self.send(tool, arguments, &sent)).await.unwrap_or_else(|_| {
            let tried = self.peer.tried(Doing::Calling(tool));
            let effect = if sent.load(Ordering::Relaxed) { tried.perhaps() } else { "; it was not called" };
            Err(Error::TimedOut(format!("{tried} within {patience:?}{effect}")))
        });
        // So servers answer for tools that they do not have, too.
        let is_doubtful = match &answer {
            Ok(result) => result.is_error == Some(true),
            Err(error) => matches!(error, Error::Invalid(_)),
        };
        if is_doubtful && self.is_missing(tool, patience.saturating_sub(begun.elapsed())).await {
            let name = settings::quoted(tool);
            return Err(Error::NotFound(format!("the tool server `{}` has no tool {name}", self.peer.name)));
        }
        self.reply(tool, answer?)
    }

    async fn send(&self, tool: &str, arguments: JsonObject, sent: &AtomicBool) -> Result<CallToolResult> {
        let mut again = true;
        loop {
            let connection = self.connection().await?;
            sent.store(true, Ordering::Relaxed);
            let failed = match connection.call(tool, arguments.clone()).await {
                Ok(result) => return Ok(result),
                Err(failed) => failed,
            };
            sent.store(false, Ordering::Relaxed);
            self.mend(failed, &connection, &mut again).await?;
        }
    }

    fn reply(&self, tool: &str, result: CallToolResult) -> Result<ToolReply> {
        let tried = self.peer.tried(Doing::Calling(tool));
        let reply = reply::reply(result, &self.peer.secrets).map_err(|e| tried.other(e))?;
        if reply.content.len() > MOST_CONTENT {
            let text =
                format!("it answers {} bytes, and {MOST_CONTENT} are allowed; the tool has run", reply.content.len());
            return Err(tried.other(text));
        }
        Ok(reply)
    }

    /// Whether the server does not offer this tool; false where that cannot be found out in what patience is left.
    async fn is_missing(&self, tool: &str, patience: Duration) -> bool {
        if self.known.lock().await.contains(tool) {
            return false;
        }
        let listed = timeout(patience.min(LOOKED_UP_WITHIN), self.tools()).await;
        matches!(listed, Ok(Ok(tools)) if tools.iter().all(|offered| offered.name != tool))
    }

    /// The connection that there is, else another.
    async fn connection(&self) -> Result<Arc<Connection>> {
        let mut kept = self.connection.lock().await;
        if let Some(connection) = kept.as_ref().filter(|connection| !connection.is_over()) {
            return Ok(connection.clone());
        }
        let opened = Connection::open(Arc::clone(&self.peer), &self.url, self.version, self.client.clone()).await;
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
        Error::Unavailable(format!(
            "the tool server `{}` forgets each session at once; it handled nothing",
            self.peer.name
        ))
    }
}
