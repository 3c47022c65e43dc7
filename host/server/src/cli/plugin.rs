//! `enginehouse plugin`: the operator's part of the API, from the command line.

use std::{
    io::Write as _,
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::{Context as _, bail};
use clap::{Args, Subcommand};
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use crate::{config::Config, secrets::OPERATOR_TOKEN};

/// A plugin's command, and the server that it is for.
#[derive(Debug, Args)]
pub(super) struct Plugin {
    #[command(subcommand)]
    command: Command,
    /// The server [default: the configuration's `listen`].
    #[arg(long, global = true)]
    server: Option<String>,
    /// The server's data folder, where its operator's token lies [default: the configuration's `data`].
    #[arg(long, global = true)]
    data: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List the plugins: which generation of each serves, and what can be activated.
    List,
    /// Hand a component to the server.
    Install {
        /// The component.
        file: PathBuf,
        /// Let it serve at once.
        #[arg(long)]
        activate: bool,
        /// With `--activate`: what it may use, as `objects,processes`.
        #[arg(long, value_delimiter = ',')]
        grant: Vec<String>,
    },
    /// Let an installed component serve its framework.
    Activate {
        framework: String,
        /// Its SHA-256, or the first characters of it.
        digest: String,
        /// What it may use beyond what the generation before was granted, as `objects,processes`.
        #[arg(long, value_delimiter = ',')]
        grant: Vec<String>,
    },
    /// Let an earlier generation's component serve again.
    Rollback {
        framework: String,
        /// Which generation [default: the last with another component].
        #[arg(long)]
        to: Option<u32>,
    },
    /// Remove a component that nothing needs any more.
    Remove {
        framework: String,
        /// Its SHA-256, or the first characters of it.
        digest: String,
    },
}

impl Plugin {
    pub(super) async fn run(self, config: &Config) -> anyhow::Result<ExitCode> {
        let server = Server::new(self.server, self.data.as_deref().unwrap_or(&config.data), config)?;
        match self.command {
            Command::List => {
                let plugins = server.send(Method::GET, "", None).await?;
                plugins.as_array().into_iter().flatten().try_for_each(list)?;
            }
            Command::Install { file, activate, grant } => {
                let wasm = tokio::fs::read(&file).await.with_context(|| format!("cannot read {}", file.display()))?;
                let installed = server.install(wasm).await?;
                let (framework, digest) = (text(&installed, "framework"), text(&installed, "digest"));
                say(format_args!("installed {framework} {} as {digest}", text(&installed, "version")))?;
                match words(&installed, "imports").as_str() {
                    "" => say(format_args!("it asks for nothing"))?,
                    imports => say(format_args!("it asks for {imports}"))?,
                }
                if activate {
                    server.activate(framework, digest, &grant).await?;
                } else {
                    say(format_args!("let it serve: enginehouse plugin activate {framework} {}", short(digest)))?;
                }
            }
            Command::Activate { framework, digest, grant } => server.activate(&framework, &digest, &grant).await?,
            Command::Rollback { framework, to } => {
                let asked = json!({ "to": to });
                let serving = server.send(Method::POST, &format!("/{framework}/rollback"), Some(asked)).await?;
                serves(&serving)?;
            }
            Command::Remove { framework, digest } => {
                server.send(Method::DELETE, &format!("/{framework}/components/{digest}"), None).await?;
                say(format_args!("removed {digest}"))?;
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// A server that is spoken to as its operator.
struct Server {
    base: String,
    token: String,
    http: reqwest::Client,
}

impl Server {
    fn new(server: Option<String>, data: &Path, config: &Config) -> anyhow::Result<Self> {
        let file = data.join(OPERATOR_TOKEN);
        let token = std::fs::read_to_string(&file).with_context(|| {
            format!("cannot read the operator's token {}: name the server's data folder with --data", file.display())
        })?;
        let base = server.unwrap_or_else(|| format!("http://{}", config.listen));
        let base = base.trim_end_matches('/').to_owned();
        Ok(Self { base, token: token.trim().to_owned(), http: reqwest::Client::new() })
    }

    async fn install(&self, wasm: Vec<u8>) -> anyhow::Result<Value> {
        let request = self.request(Method::POST, "").header("content-type", "application/wasm").body(wasm);
        self.answer(request).await
    }

    async fn activate(&self, framework: &str, digest: &str, grant: &[String]) -> anyhow::Result<()> {
        let asked = json!({ "digest": digest, "grant": grant });
        serves(&self.send(Method::POST, &format!("/{framework}/activate"), Some(asked)).await?)
    }

    async fn send(&self, method: Method, path: &str, body: Option<Value>) -> anyhow::Result<Value> {
        let request = self.request(method, path);
        self.answer(match body {
            Some(body) => request.json(&body),
            None => request,
        })
        .await
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, format!("{}/v1/plugins{path}", self.base)).bearer_auth(&self.token)
    }

    async fn answer(&self, request: RequestBuilder) -> anyhow::Result<Value> {
        let response = request.send().await.with_context(|| format!("no server answers at {}", self.base))?;
        let status = response.status();
        let body: Value = serde_json::from_slice(&response.bytes().await?).unwrap_or_default();
        match body.get("detail").and_then(Value::as_str) {
            _ if status.is_success() => Ok(body),
            Some(detail) => bail!("{detail}"),
            None => bail!("the server answers {status}"),
        }
    }
}

fn list(plugin: &Value) -> anyhow::Result<()> {
    let framework = text(plugin, "framework");
    match plugin.get("generation").and_then(Value::as_u64) {
        Some(number) => {
            let (version, digest) = (text(plugin, "version"), short(text(plugin, "digest")));
            say(format_args!("{framework}  generation {number}, version {version}, {digest}"))?;
        }
        None => say(format_args!("{framework}  does not serve"))?,
    }
    if let Some(failure) = plugin.get("failure").filter(|failure| !failure.is_null()) {
        say(format_args!("  {} was not activated: {}", short(text(failure, "digest")), text(failure, "reason")))?;
    }
    for component in plugin.get("components").and_then(Value::as_array).into_iter().flatten() {
        let (digest, version) = (short(text(component, "digest")), text(component, "version"));
        let imports = words(component, "imports");
        let asks = if imports.is_empty() { "asks for nothing".to_owned() } else { format!("asks for {imports}") };
        say(format_args!("  {digest}  version {version}, {asks}"))?;
    }
    Ok(())
}

fn serves(serving: &Value) -> anyhow::Result<()> {
    let (framework, version) = (text(serving, "framework"), text(serving, "version"));
    let number = serving.get("generation").and_then(Value::as_u64).unwrap_or_default();
    let digest = short(text(serving, "digest"));
    say(format_args!("{framework} is served by generation {number}: version {version}, {digest}"))
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value.get(name).and_then(Value::as_str).unwrap_or_default()
}

fn words(value: &Value, name: &str) -> String {
    let words = value.get(name).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
    words.collect::<Vec<_>>().join(",")
}

/// Enough of a digest to tell it from others.
fn short(digest: &str) -> &str {
    digest.get(..12).unwrap_or(digest)
}

fn say(line: std::fmt::Arguments<'_>) -> anyhow::Result<()> {
    Ok(writeln!(std::io::stdout(), "{line}")?)
}
