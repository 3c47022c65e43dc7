//! `enginehouse config`.

use std::{io::Write, process::ExitCode};

use anyhow::Context as _;
use clap::Subcommand;

use crate::{
    backends::AtAws,
    config::{Batches, Catalog, Codegen, Config, Functions, Objects, Server, Store},
};

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Check the configuration, find every secret that it names, and say which backends it chooses. Starts nothing.
    Check,
    /// Print the IAM policy that the server needs at AWS, and no more.
    Policy,
}

impl Command {
    pub(super) async fn run(self, config: &Config) -> anyhow::Result<ExitCode> {
        config.check()?;
        match self {
            Self::Check => check(config).await,
            Self::Policy => policy(config).await,
        }
    }
}

async fn check(config: &Config) -> anyhow::Result<ExitCode> {
    let account = AtAws::of(config)?.account(&config.aws).await?;
    for (setting, secret) in config.secrets() {
        secret.find(&setting, account.as_ref()).await?;
    }
    let mut out = std::io::stdout().lock();
    for (capability, backend) in chosen(config) {
        writeln!(out, "{capability:<10} {backend}")?;
    }
    if let Some(account) = account {
        writeln!(out, "{:<10} {}", "aws", account.region())?;
    }
    for (name, advice) in config.unused_variables() {
        writeln!(out, "warning: the variable {name} does nothing: {advice}")?;
    }
    writeln!(out, "the configuration is right")?;
    Ok(ExitCode::SUCCESS)
}

async fn policy(config: &Config) -> anyhow::Result<ExitCode> {
    let at_aws = AtAws::of(config)?;
    let account = at_aws.account(&config.aws).await?;
    let account = account.context("nothing of the configuration is at AWS, so no policy is needed")?;
    writeln!(std::io::stdout(), "{}", at_aws.policy(account.region()))?;
    if at_aws.reads_anything() {
        writeln!(
            std::io::stderr(),
            "note: data in other buckets is not in it; name their prefixes in `frameworks.FRAMEWORK.grants.objects.read`"
        )?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Which backend stands behind each capability, in words.
fn chosen(config: &Config) -> Vec<(&'static str, String)> {
    let names = |names: Vec<&String>| names.into_iter().map(String::as_str).collect::<Vec<_>>().join(", ");
    let none = || "none".to_owned();
    vec![
        (
            "store",
            match &config.store {
                Store::Embedded => "SQLite in the data folder".to_owned(),
                Store::Postgres { .. } => "PostgreSQL".to_owned(),
            },
        ),
        (
            "objects",
            match &config.objects {
                Objects::Embedded { bucket } => format!("files in the data folder, bucket {bucket}"),
                Objects::S3 { bucket } => format!("S3, bucket {bucket}"),
            },
        ),
        (
            "catalog",
            match &config.catalog {
                Catalog::Embedded => "SQLite in the data folder".to_owned(),
                Catalog::Glue { .. } => "Glue".to_owned(),
            },
        ),
        (
            "codegen",
            match &config.codegen {
                Codegen::Unconfigured => "recipes alone".to_owned(),
                Codegen::Agentcore { runtime, .. } => format!("Bedrock AgentCore, {runtime}"),
                Codegen::Bedrock { models, .. } => format!("Bedrock, {}", models.join(", then ")),
                Codegen::Openai { url, model, .. } => format!("{model} at {url}"),
            },
        ),
        (
            "functions",
            match &config.functions {
                Functions::Unconfigured => none(),
                Functions::Lambda { targets } => format!("Lambda: {}", names(targets.keys().collect())),
            },
        ),
        (
            "batches",
            match &config.batches {
                Batches::Unconfigured => none(),
                Batches::EmrServerless { targets } => format!("EMR Serverless: {}", names(targets.keys().collect())),
            },
        ),
        (
            "tools",
            match config.tools.servers.is_empty() {
                true => none(),
                false => config.tools.servers.iter().map(tools).collect::<Vec<_>>().join(", "),
            },
        ),
    ]
}

fn tools((name, server): (&String, &Server)) -> String {
    match server {
        Server::Mcp(_) => format!("{name} (MCP)"),
        Server::RayJobs(_) => format!("{name} (jobs of a cluster)"),
    }
}
