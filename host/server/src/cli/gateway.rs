//! The jobs of a cluster, served as tools.

use std::{net::SocketAddr, path::PathBuf};

use anyhow::Context as _;
use clap::Args;
use enginehouse_capabilities::known;
use enginehouse_protocols::ray::RayJobs;

use super::stop;
use crate::{
    backends::{self, AtAws},
    config::{Cluster, Config, Secret},
    gateway,
};

#[derive(Debug, Args)]
pub(super) struct Gateway {
    /// Where to listen. Beyond this machine only with a token.
    #[arg(long, default_value = "127.0.0.1:8091")]
    listen: SocketAddr,
    /// The cluster, by its name in `tools.servers`; the only one there where none is named.
    #[arg(long)]
    cluster: Option<String>,
    /// A file with the token that callers have to show.
    #[arg(long, env = "ENGINEHOUSE_GATEWAY_TOKEN_FILE")]
    token_file: Option<PathBuf>,
}

impl Gateway {
    pub(super) async fn run(self, config: &Config) -> anyhow::Result<()> {
        config.check()?;
        let account = AtAws::of(config)?.account(&config.aws).await?;
        let token = match self.token_file.clone() {
            Some(file) => Some(Secret::File(file).find("--token-file", account.as_ref()).await?),
            None => None,
        };
        let (name, settings) = self.settings(config)?;
        let cluster = backends::cluster(name, settings, account.as_ref()).await?;
        gateway::serve(self.listen, RayJobs::new(name, cluster)?, token, stop()).await
    }

    fn settings<'a>(&self, config: &'a Config) -> anyhow::Result<(&'a String, &'a Cluster)> {
        let mut clusters = config.tools.clusters();
        let found = match (&self.cluster, config.tools.clusters().count()) {
            (Some(name), _) => clusters.find(|(known, _)| *known == name),
            (None, 1) => clusters.next(),
            (None, _) => None,
        };
        found.with_context(|| {
            let known = known(config.tools.clusters().map(|(name, _)| name));
            format!("name a cluster of `tools.servers` with --cluster ({known})")
        })
    }
}
