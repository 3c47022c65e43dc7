//! Servers of tools, each by its own adapter.

use std::{collections::BTreeMap, fmt, sync::Arc, time::Duration};

use anyhow::Context as _;
use async_trait::async_trait;
use enginehouse_aws::Account;
use enginehouse_capabilities::{CallContext, Error, Result, Tool, ToolReply, ToolServers, Tools, Unconfigured, known};
use enginehouse_protocols::{
    mcp::{ClientCredentials, McpAuth, McpServer, McpServers, TokenPlace},
    ray::{RayCluster, RayTools},
};

use super::NO_ACCOUNT;
use crate::{
    calls::{BackgroundTools, Calls},
    config,
};

const NO_TOOLS: &str = "no tools are set up: the setting is `tools.servers`";

pub(super) async fn open(
    tools: &config::Tools,
    account: Option<&Account>,
    calls: Calls,
) -> anyhow::Result<Arc<dyn Tools>> {
    if tools.servers.is_empty() {
        return Ok(Arc::new(Unconfigured { advice: NO_TOOLS }));
    }
    let mut clusters = BTreeMap::new();
    for (name, settings) in tools.clusters() {
        clusters.insert(name.clone(), cluster(name, settings, account).await?);
    }
    let servers =
        Servers { mcp: mcp(tools.mcp(), account).await?, clusters: RayTools::new(clusters)?, names: tools.clone() };
    Ok(Arc::new(BackgroundTools::new(Arc::new(servers), calls)))
}

/// A cluster, with its token.
pub(crate) async fn cluster(
    name: &str,
    settings: &config::Cluster,
    account: Option<&Account>,
) -> anyhow::Result<RayCluster> {
    let token = match &settings.token {
        Some(token) => Some(token.find(&format!("tools.servers.{name}.token"), account).await?),
        None => None,
    };
    Ok(RayCluster {
        urls: settings.urls.iter().map(ToString::to_string).collect(),
        token,
        driver_cpus: settings.driver_cpus,
        runtime_env: settings.runtime_env.clone(),
    })
}

pub(super) async fn mcp(
    servers: impl Iterator<Item = (&String, &config::Mcp)>,
    account: Option<&Account>,
) -> anyhow::Result<McpServers> {
    let mut named = BTreeMap::new();
    for (name, server) in servers {
        let setting = |secret: &str| format!("tools.servers.{name}.auth.{secret}");
        let auth = match &server.auth {
            None => McpAuth::None,
            Some(config::Auth::Bearer(token)) => McpAuth::Bearer(token.find(&setting("bearer"), account).await?),
            Some(config::Auth::ClientCredentials { token_url, issuer, client_id, client_secret, scopes }) => {
                McpAuth::ClientCredentials(ClientCredentials {
                    place: match (issuer, token_url) {
                        (Some(issuer), _) => TokenPlace::Issuer(issuer.to_string()),
                        (None, token_url) => {
                            let missing = || format!("`{}` is missing", setting("client-credentials.token-url"));
                            TokenPlace::Endpoint(token_url.as_ref().with_context(missing)?.to_string())
                        }
                    },
                    client_id: client_id.clone(),
                    client_secret: client_secret.find(&setting("client-credentials.client-secret"), account).await?,
                    scopes: scopes.clone(),
                })
            }
            Some(config::Auth::Sigv4(service)) => McpAuth::Signed(account.context(NO_ACCOUNT)?.signer(service)),
        };
        let version = server.version.as_deref().map(str::parse).transpose()?;
        named.insert(name.clone(), McpServer { url: server.url.to_string(), auth, version });
    }
    Ok(McpServers::new(named)?)
}

/// All servers, whichever way they are spoken to.
#[derive(Debug)]
struct Servers {
    mcp: McpServers,
    clusters: RayTools,
    names: config::Tools,
}

impl Servers {
    fn of(&self, server: &str) -> Result<&dyn ToolServers> {
        match self.names.servers.get(server) {
            Some(config::Server::Mcp(_)) => Ok(&self.mcp),
            Some(config::Server::RayJobs(_)) => Ok(&self.clusters),
            None => Err(Error::Unconfigured(format!(
                "no tool server has that name ({}); the setting is `tools.servers`",
                known(self.names.servers.keys())
            ))),
        }
    }
}

#[async_trait]
impl ToolServers for Servers {
    async fn list(&self, server: &str) -> Result<Vec<Tool>> {
        self.of(server)?.list(server).await
    }

    async fn call(
        &self,
        cx: &CallContext,
        server: &str,
        tool: &str,
        arguments: &str,
        patience: Duration,
    ) -> Result<ToolReply> {
        self.of(server)?.call(cx, server, tool, arguments, patience).await
    }
}

impl fmt::Display for Servers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}; {}", self.mcp, self.clusters)
    }
}
