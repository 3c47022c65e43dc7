//! One conversation with one server.

use std::{collections::BTreeSet, sync::Arc};

use enginehouse_capabilities::Error;
use rmcp::{
    RoleClient, Service, ServiceError,
    model::{
        CallToolRequestParams, CallToolResponse, CallToolResult, ClientCapabilities, ClientConfig, ClientResult,
        ErrorCode, ErrorData, Implementation, JsonObject, PaginatedRequestParams, ServerNotification, ServerRequest,
        Tool,
    },
    service::{
        ClientCacheConfig, ClientLifecycleMode, NotificationContext, RequestContext, RunningService,
        serve_client_with_lifecycle,
    },
    transport::{
        StreamableHttpClientTransport, common::client_side_sse::ExponentialBackoff,
        streamable_http_client::StreamableHttpClientTransportConfig,
    },
};

use super::{
    McpVersion,
    failure::{Doing, Failed},
    http::Client,
    peer::Peer,
};

/// An answer as it comes, with text and structured content of the same.
const MOST_BYTES: usize = 16 << 20;
/// Of all pages of a list together, cursors included.
const MOST_LISTED: usize = 8 << 20;
const MOST_TOOLS: usize = 10_000;
const MOST_PAGES: usize = 1_000;
/// How often the rest of an answer is asked for where a server says that it can be.
const RESUMED: usize = 3;

pub(super) struct Connection {
    peer: Arc<Peer>,
    service: RunningService<RoleClient, Alone>,
}

impl Connection {
    /// Greets the server, or finds out that it wants no greeting.
    pub(super) async fn open(
        peer: Arc<Peer>,
        url: &str,
        version: Option<McpVersion>,
        client: Client,
    ) -> Result<Self, Failed> {
        let tried = peer.tried(Doing::Connecting);
        let transport = StreamableHttpClientTransport::with_client(client, transport(url));
        let newest = vec![McpVersion::V20260728.on_the_wire()];
        let mode = match version {
            None => ClientLifecycleMode::Auto {
                preferred_versions: newest,
                legacy_version: Some(McpVersion::V20251125.on_the_wire()),
            },
            Some(version) if version.has_sessions() => ClientLifecycleMode::Initialize,
            Some(_) => ClientLifecycleMode::Discover { preferred_versions: newest },
        };
        let alone = Alone { version: version.unwrap_or(McpVersion::V20251125) };
        let service = serve_client_with_lifecycle(alone, transport, mode).await;
        let service = service.map_err(|error| tried.not_connected(error))?;
        // What tools there are is told as it is now, and an error is never hidden by what was true before.
        service.set_response_cache_config(ClientCacheConfig::disabled()).await;
        let theirs = service.peer_info().map(|info| info.protocol_version.clone());
        let known = McpVersion::ALL.into_iter().find(|known| Some(known.on_the_wire()) == theirs);
        let connection = Self { peer: Arc::clone(&peer), service };
        match known {
            None => {
                let theirs = theirs.map(|version| version.to_string()).unwrap_or_default();
                Err(Failed::Broken(tried.version(&theirs)))
            }
            Some(version) if version.has_sessions() => Ok(connection),
            // Without sessions, arguments may have to be in headers too, and only a tool's schema says which.
            Some(_) => connection.list().await.map(|_| connection),
        }
    }

    /// Whether it has ended by itself.
    pub(super) fn is_over(&self) -> bool {
        self.service.is_closed() || self.service.peer().is_transport_closed()
    }

    /// All pages of what the server offers.
    pub(super) async fn list(&self) -> Result<Vec<Tool>, Failed> {
        let tried = self.peer.tried(Doing::Listing);
        let too_much = |limit: String| {
            let text = format!("{tried}: it has more than {limit}, and no more are taken; have it offer fewer tools");
            Failed::Answered(Error::QuotaExceeded(text))
        };
        let (mut tools, mut bytes, mut cursor, mut seen) = (Vec::new(), 0, None, BTreeSet::new());
        loop {
            let page = PaginatedRequestParams::default().with_cursor(cursor);
            let page = match self.service.list_tools(Some(page)).await {
                Ok(page) => page,
                // A server need not have tools.
                Err(ServiceError::McpError(error)) if error.code == ErrorCode::METHOD_NOT_FOUND => return Ok(tools),
                Err(error) => return Err(tried.not_answered(error)),
            };
            bytes += serde_json::to_vec(&page).map_err(|error| Failed::Answered(tried.other(error)))?.len();
            tools.extend(page.tools);
            if bytes > MOST_LISTED {
                return Err(too_much(format!("{} MiB in its list", MOST_LISTED >> 20)));
            }
            if tools.len() > MOST_TOOLS {
                return Err(too_much(format!("{MOST_TOOLS} tools")));
            }
            let Some(next) = page.next_cursor else { return Ok(tools) };
            if seen.len() >= MOST_PAGES {
                return Err(too_much(format!("{MOST_PAGES} pages in its list")));
            }
            if !seen.insert(next.clone()) {
                let text =
                    format!("{tried}: it names the same next page twice, so its list has no end; try again later");
                return Err(Failed::Answered(Error::Unavailable(text)));
            }
            cursor = Some(next);
        }
    }

    /// Calls a tool once.
    pub(super) async fn call(&self, tool: &str, arguments: JsonObject) -> Result<CallToolResult, Failed> {
        let tried = self.peer.tried(Doing::Calling(tool));
        let call = CallToolRequestParams::new(tool.to_owned()).with_arguments(arguments);
        let refused = |wish: &str| Failed::Answered(tried.other(format!("it wants {wish}, which nobody gives here")));
        match self.service.call_tool_once(call).await.map_err(|error| tried.not_answered(error))? {
            CallToolResponse::Complete(result) => Ok(result),
            CallToolResponse::InputRequired(_) => Err(refused("to be told more before it goes on")),
            // We never said that we could wait for one.
            _ => Err(refused("to be asked again later")),
        }
    }
}

fn transport(url: &str) -> StreamableHttpClientTransportConfig {
    let mut resumed = ExponentialBackoff::default();
    resumed.max_times = Some(RESUMED);
    let mut config = StreamableHttpClientTransportConfig::with_uri(url);
    config.retry_config = Arc::new(resumed);
    config.max_sse_event_size = MOST_BYTES;
    config.max_json_response_size = MOST_BYTES;
    // Done in `mod.rs`: here it would end the other calls of the session with errors that say nothing.
    config.reinit_on_expired_session = false;
    config
}

/// Our side: it answers whether it is there, refuses what servers may ask of a client (models, people, folders), and does not
/// listen to how far a tool is.
struct Alone {
    version: McpVersion,
}

impl Service<RoleClient> for Alone {
    async fn handle_request(
        &self,
        request: ServerRequest,
        _: RequestContext<RoleClient>,
    ) -> Result<ClientResult, ErrorData> {
        match request {
            ServerRequest::PingRequest(_) => Ok(ClientResult::empty(())),
            _ => {
                Err(ErrorData::new(ErrorCode::METHOD_NOT_FOUND, "this client calls tools and does nothing else", None))
            }
        }
    }

    async fn handle_notification(
        &self,
        _: ServerNotification,
        _: NotificationContext<RoleClient>,
    ) -> Result<(), ErrorData> {
        Ok(())
    }

    fn get_info(&self) -> ClientConfig {
        let us = Implementation::new("enginehouse", env!("CARGO_PKG_VERSION"));
        ClientConfig::new(ClientCapabilities::default(), us).with_protocol_version(self.version.on_the_wire())
    }
}
