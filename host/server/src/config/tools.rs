//! Servers of tools: those that speak MCP, and clusters whose jobs are tools within this process.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value};
use url::Url;

use super::{Codegen, Secret};

/// Which tools.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Tools {
    /// By the names that `frameworks.….places` use.
    pub servers: BTreeMap<String, Server>,
}

/// One server of tools.
#[derive(Debug, Clone, Deserialize)]
#[serde(tag = "backend", rename_all = "kebab-case")]
pub enum Server {
    /// A server that speaks MCP.
    Mcp(Mcp),
    /// A cluster, spoken to in its own way.
    RayJobs(Cluster),
}

/// A server that speaks MCP.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mcp {
    /// `https://…/mcp`.
    pub url: Url,
    /// How we say who we are; none: not at all.
    pub auth: Option<Auth>,
    /// The version of the protocol, `2025-06-18`; none: the newest that it knows.
    pub version: Option<String>,
}

/// A cluster that takes jobs.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Cluster {
    /// Addresses of its head, `http://10.0.0.7:8265`; the one that answered last is asked first.
    pub urls: Vec<Url>,
    /// The cluster's token; none: it wants none.
    pub token: Option<Secret>,
    /// Processors that each program's driver takes, which mostly waits: a part of one leaves the others to its tasks, and still keeps it
    /// off a head that has none.
    #[serde(default = "a_tenth")]
    pub driver_cpus: f64,
    /// The runtime environment of every job.
    #[serde(default)]
    pub runtime_env: Map<String, Value>,
}

/// How we say who we are: `{ bearer = { env = "TOKEN" } }`, `{ client-credentials = { … } }` or `{ sigv4 = "bedrock-agentcore" }`.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case", rename_all_fields = "kebab-case", deny_unknown_fields)]
pub enum Auth {
    /// A token.
    Bearer(Secret),
    /// OAuth 2.0.
    ClientCredentials {
        /// Where tokens are given; this, or `issuer`.
        token_url: Option<Url>,
        /// Who gives them, and tells where itself.
        issuer: Option<Box<Url>>,
        /// Who we are.
        client_id: String,
        /// And the proof.
        client_secret: Secret,
        /// What we want to do.
        #[serde(default)]
        scopes: Vec<String>,
    },
    /// The account's own credentials, for this service of AWS.
    Sigv4(String),
}

impl Tools {
    /// Those that speak MCP, by name.
    pub fn mcp(&self) -> impl Iterator<Item = (&String, &Mcp)> {
        self.servers.iter().filter_map(|(name, server)| match server {
            Server::Mcp(server) => Some((name, server)),
            Server::RayJobs(_) => None,
        })
    }

    /// Clusters, by name.
    pub fn clusters(&self) -> impl Iterator<Item = (&String, &Cluster)> {
        self.servers.iter().filter_map(|(name, server)| match server {
            Server::Mcp(_) => None,
            Server::RayJobs(cluster) => Some((name, cluster)),
        })
    }
}

impl Cluster {
    /// One at these addresses, with nothing else to say.
    pub(super) fn at(urls: Vec<Url>, token: Option<Secret>) -> Self {
        Self { urls, token, driver_cpus: a_tenth(), runtime_env: Map::new() }
    }

    /// What of the runtime environment cannot be, and why.
    pub(super) fn wrong_environment(&self) -> Option<(&'static str, &'static str)> {
        if self.runtime_env.contains_key("working_dir") {
            return Some(("working_dir", "each program is a working directory of its own; files come as `py_modules`"));
        }
        let is_table =
            |variables: &Value| variables.as_object().is_some_and(|variables| variables.values().all(Value::is_string));
        match self.runtime_env.get("env_vars") {
            Some(variables) if !is_table(variables) => Some(("env_vars", "a table of texts")),
            _ => None,
        }
    }
}

impl Auth {
    /// Why it says too little or too much; nothing where it is right.
    pub(super) fn wrong(&self) -> Option<&'static str> {
        match self {
            Self::ClientCredentials { token_url, issuer, .. } if token_url.is_some() == issuer.is_some() => {
                Some("say where tokens are given: either `token-url` or `issuer`")
            }
            _ => None,
        }
    }
}

impl Secret {
    /// Every secret that the backends name, with its setting.
    pub(super) fn all<'a>(codegen: &'a Codegen, tools: &'a Tools) -> Vec<(String, &'a Self)> {
        let mut all = Vec::new();
        if let Codegen::Openai { api_key: Some(key), .. } = codegen {
            all.push(("codegen.api-key".to_owned(), key));
        }
        for (name, server) in &tools.servers {
            let (setting, secret) = match server {
                Server::RayJobs(Cluster { token: Some(token), .. }) => ("token", token),
                Server::Mcp(Mcp { auth: Some(Auth::Bearer(token)), .. }) => ("auth.bearer", token),
                Server::Mcp(Mcp { auth: Some(Auth::ClientCredentials { client_secret, .. }), .. }) => {
                    ("auth.client-credentials.client-secret", client_secret)
                }
                Server::Mcp(_) | Server::RayJobs(_) => continue,
            };
            all.push((format!("tools.servers.{name}.{setting}"), secret));
        }
        all
    }
}

fn a_tenth() -> f64 {
    0.1
}

#[cfg(test)]
mod tests;
