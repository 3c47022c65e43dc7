//! The command line.

mod check;
mod config;
mod doctor;
mod engines;
mod gateway;
mod plugin;

use std::{ffi::OsString, io::Write as _, net::SocketAddr, path::PathBuf, process::ExitCode};

use anyhow::Context as _;
use clap::{Parser, Subcommand};
use enginehouse_local::{engines::EnginesRoot, processes::shim};
use enginehouse_runtime::compile_for_parent;
use tokio::net::TcpListener;

use crate::{
    agent,
    app::Start,
    backends::{self, AtAws},
    config::Config,
    demo,
    serve::Server,
    telemetry::Telemetry,
    tls,
};

/// Plain requests to checked code to results on data engines.
#[derive(Debug, Parser)]
#[command(name = "enginehouse", version, about)]
struct Arguments {
    /// The configuration; without one, everything has a default that works.
    #[arg(long, global = true, env = "ENGINEHOUSE_CONFIG")]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve the API on this machine.
    Serve {
        /// Where to listen [default: 127.0.0.1:8080].
        #[arg(long)]
        listen: Option<SocketAddr>,
        /// Where to keep runs, uploads and results [default: this user's data folder].
        #[arg(long)]
        data: Option<PathBuf>,
    },
    /// Show the main job on real data: questions in plain language, checked code, real engines, tables.
    Demo,
    /// Install engines for this user, or list them.
    #[command(subcommand)]
    Engines(engines::Command),
    /// Install plugins into a running server, swap them, list them.
    Plugin(plugin::Plugin),
    /// Check the configuration.
    #[command(subcommand)]
    Config(config::Command),
    /// Serve the configured model as the code generation agent, in the way of Bedrock AgentCore's containers.
    CodegenAgent {
        /// Where to listen.
        #[arg(long, default_value = "127.0.0.1:8080")]
        listen: SocketAddr,
    },
    /// Serve the jobs of a configured cluster as tools over MCP, under /mcp.
    RayGateway(gateway::Gateway),
    /// Say what is there, what is missing, and the command that mends it.
    Doctor {
        /// Look at the services of AWS that the configuration names, in the place of this machine: whether each lets itself be used, and
        /// which permission is missing. Models are asked for one word.
        #[arg(long)]
        aws: bool,
    },
    /// Compile one component. Started by the server.
    #[command(hide = true)]
    Compile,
    /// Keep watch over one sandbox, or serve objects within it. Started by the server.
    #[command(hide = true)]
    Shim {
        /// What is to be done, in the words of whoever starts it.
        arguments: Vec<OsString>,
    },
}

/// Runs the command that was named.
pub fn run() -> ExitCode {
    run_with(|_| {})
}

/// The same with parts of a program's own in the server.
pub fn run_with(change: impl FnOnce(&mut Start)) -> ExitCode {
    let arguments = Arguments::parse();
    if let Command::Shim { arguments } = &arguments.command {
        return shim::run(arguments);
    }
    if let Command::Compile = &arguments.command {
        return compile_for_parent();
    }
    match start(arguments, change) {
        Ok(status) => status,
        Err(error) => {
            let _cannot_be_told = writeln!(std::io::stderr(), "enginehouse: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn start(arguments: Arguments, change: impl FnOnce(&mut Start)) -> anyhow::Result<ExitCode> {
    tls::choose();
    let mut config = Config::read(arguments.config.as_deref())?;
    let engines = EnginesRoot::new(&config.local.engines);
    match arguments.command {
        Command::Serve { listen, data } => {
            let _telemetry = Telemetry::start("info", &config.log, &config.traces)?;
            config.listen = listen.unwrap_or(config.listen);
            config.data = data.unwrap_or(config.data);
            let mut start = own_start()?;
            change(&mut start);
            runtime()?.block_on(serve(config, start))?;
            Ok(ExitCode::SUCCESS)
        }
        Command::Demo => {
            let _telemetry = Telemetry::start("warn", &config.log, &config.traces)?;
            engines::install_all(&engines)?;
            runtime()?.block_on(demo::run(config))
        }
        Command::Engines(command) => command.run(&engines),
        Command::Plugin(plugin) => runtime()?.block_on(plugin.run(&config)),
        Command::Config(command) => runtime()?.block_on(command.run(&config)),
        Command::CodegenAgent { listen } => {
            let _telemetry = Telemetry::start("info", &config.log, &config.traces)?;
            runtime()?.block_on(codegen_agent(&config, listen))?;
            Ok(ExitCode::SUCCESS)
        }
        Command::RayGateway(gateway) => {
            let _telemetry = Telemetry::start("info", &config.log, &config.traces)?;
            runtime()?.block_on(gateway.run(&config))?;
            Ok(ExitCode::SUCCESS)
        }
        Command::Doctor { aws: false } => doctor::machine(&engines),
        Command::Doctor { aws: true } => runtime()?.block_on(doctor::aws(&config)),
        Command::Shim { arguments } => Ok(shim::run(&arguments)),
        Command::Compile => Ok(compile_for_parent()),
    }
}

async fn serve(config: Config, start: Start) -> anyhow::Result<()> {
    let server = Server::start(config, start).await?;
    tracing::info!(address = %server.address, "serving; the API is described at /openapi.json");
    server.run(stop()).await
}

async fn codegen_agent(config: &Config, listen: SocketAddr) -> anyhow::Result<()> {
    config.check()?;
    let at_aws = AtAws::of(config)?;
    let account = at_aws.account(&config.aws).await?;
    let model = backends::model(config, at_aws.model, account.as_ref()).await?;
    let model = model.context("no model is set up: the setting is `codegen`")?;
    let listener = TcpListener::bind(listen).await.with_context(|| format!("cannot listen on {listen}"))?;
    tracing::info!(address = %listener.local_addr()?, %model, "the code generation agent serves");
    agent::serve(listener, model, stop()).await
}

/// A start with the bundled plugins, in which this executable watches over its own sandboxes.
///
/// # Errors
/// Where the system does not tell what this executable is.
pub fn own_start() -> anyhow::Result<Start> {
    Ok(Start { executable: std::env::current_exe()?, plugins: Vec::new(), processes: None, model: None })
}

fn runtime() -> std::io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build()
}

/// Done when the process is asked to end.
async fn stop() {
    use tokio::signal::unix::{SignalKind, signal};
    let Ok(mut terminated) = signal(SignalKind::terminate()) else { return std::future::pending().await };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = terminated.recv() => {}
    }
}
