//! The six tools, served over MCP.

use std::sync::Arc;

use enginehouse_capabilities::{Error, Tool};
use rmcp::{
    ErrorData, RoleServer, ServerHandler,
    model::{
        CallToolRequestParams, CallToolResponse, CallToolResult, ErrorCode, Implementation, JsonObject,
        ListToolsResult, PaginatedRequestParams, ServerCapabilities, ServerConfig,
    },
    service::RequestContext,
    transport::streamable_http_server::{
        StreamableHttpServerConfig, StreamableHttpService, session::never::NeverSessionManager,
    },
};

use super::RayJobs;

/// A program, escaped twice, with what goes around it.
const MOST_BYTES: usize = 16 << 20;

/// A service of HTTP that answers MCP for one cluster, over all versions of the protocol and without sessions. Requests are not
/// authenticated here. Where `only_loopback`, it takes none that was meant for another host.
pub fn serve(jobs: RayJobs, only_loopback: bool) -> StreamableHttpService<RayGateway, NeverSessionManager> {
    let config = StreamableHttpServerConfig::default()
        .with_legacy_session_mode(false)
        .with_json_response(true)
        .with_max_request_body_bytes(MOST_BYTES)
        // No web page has anything to do here.
        .enforce_origin_validation();
    let config = if only_loopback { config } else { config.disable_allowed_hosts() };
    let gateway = RayGateway { jobs: Arc::new(jobs) };
    StreamableHttpService::new(move || Ok(gateway.clone()), Arc::default(), config)
}

/// One cluster behind the protocol.
#[derive(Debug, Clone)]
pub struct RayGateway {
    jobs: Arc<RayJobs>,
}

impl ServerHandler for RayGateway {
    fn get_info(&self) -> ServerConfig {
        let us = Implementation::new("enginehouse-ray-gateway", env!("CARGO_PKG_VERSION"));
        ServerConfig::new(ServerCapabilities::builder().enable_tools().build()).with_server_info(us)
    }

    async fn list_tools(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        let tools = self.jobs.tools().await.map_err(|error| told(&error))?;
        Ok(ListToolsResult::with_all_items(tools.into_iter().map(on_the_wire).collect()))
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        _: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let arguments = request.arguments.unwrap_or_default();
        let reply = self.jobs.call(&request.name, &arguments).await.map_err(|error| told(&error))?;
        let content = serde_json::from_str(&reply.content).unwrap_or_default();
        let result = if reply.is_error {
            CallToolResult::structured_error(content)
        } else {
            CallToolResult::structured(content)
        };
        Ok(CallToolResponse::Complete(result))
    }
}

fn on_the_wire(tool: Tool) -> rmcp::model::Tool {
    let schema: JsonObject = serde_json::from_str(&tool.input_schema).unwrap_or_default();
    rmcp::model::Tool::new(tool.name, tool.description, schema)
}

fn told(error: &Error) -> ErrorData {
    let code = match error {
        Error::NotFound(_) | Error::Invalid(_) => ErrorCode::INVALID_PARAMS,
        _ => ErrorCode::INTERNAL_ERROR,
    };
    ErrorData::new(code, error.to_string(), None)
}
