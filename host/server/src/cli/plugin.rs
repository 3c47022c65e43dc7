//! `enginehouse plugin`: the operator's part of the API, from the command line.

use std::{
    io::Write as _,
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::{Context as _, bail};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use clap::{Args, Subcommand};
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use super::check::Check;
use crate::{config::Config, secrets::OPERATOR_TOKEN, store::Terms};

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
    /// Hold a component against the contract, on this machine and without a server.
    Check(Check),
    #[command(flatten)]
    Served(Served),
}

/// What a running server does.
#[derive(Debug, Subcommand)]
enum Served {
    /// List the plugins: which generation of each serves, and what can be activated.
    List,
    /// Hand a component to the server.
    Install {
        /// The component; with `--oci`, what a registry calls it: HOST/NAME:TAG, or HOST/NAME@sha256:….
        component: String,
        /// The server pulls it from an OCI registry, with the docker credentials of its user.
        #[arg(long)]
        oci: bool,
        /// Its detached Ed25519 signature [default: the component's file with `.sig` behind, where there is one].
        #[arg(long, conflicts_with = "oci")]
        signature: Option<PathBuf>,
        /// Let it serve at once.
        #[arg(long)]
        activate: bool,
        /// With `--activate`: what it may use, as `objects,processes`.
        #[arg(long, value_delimiter = ',', requires = "activate")]
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
    /// Try an installed component out beside the one that serves. Its trial ends by itself where it fails, is slow, or judges
    /// otherwise.
    Try {
        framework: String,
        /// Its SHA-256, or the first characters of it.
        digest: String,
        /// What it may use beyond what the generation before was granted, as `objects,processes`.
        #[arg(long, value_delimiter = ',')]
        grant: Vec<String>,
        /// Of new runs, in percent.
        #[arg(long, default_value_t = 0)]
        share: u8,
        /// Do not have it read what the serving generation reads.
        #[arg(long)]
        no_shadow: bool,
        /// The most of its calls that may fail, 0 to 1 [default: 0.01].
        #[arg(long)]
        max_failures: Option<f64>,
        /// The most of the mirrored readings whose verdict may differ, 0 to 1 [default: 0].
        #[arg(long)]
        max_changed: Option<f64>,
        /// How many times as long as the serving generation it may take to read [default: 3].
        #[arg(long)]
        max_slowdown: Option<f64>,
        /// How many calls have to be seen before it is judged by them [default: 20].
        #[arg(long)]
        min_calls: Option<u64>,
    },
    /// Let the component that is tried out serve.
    Promote { framework: String },
    /// End the trial of a component; runs that it has begun go on.
    EndTrial { framework: String },
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
        let command = match self.command {
            Command::Check(check) => return check.run().await,
            Command::Served(command) => command,
        };
        let server = Server::new(self.server, self.data.as_deref().unwrap_or(&config.data), config)?;
        match command {
            Served::List => {
                let plugins = server.send(Method::GET, "", None).await?;
                plugins.as_array().into_iter().flatten().try_for_each(list)?;
            }
            Served::Install { component, oci, signature, activate, grant } => {
                let installed = match oci {
                    true => server.send(Method::POST, "", Some(json!({ "reference": component }))).await?,
                    false => server.install(Path::new(&component), signature.as_deref()).await?,
                };
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
            Served::Activate { framework, digest, grant } => server.activate(&framework, &digest, &grant).await?,
            Served::Try {
                framework,
                digest,
                grant,
                share,
                no_shadow,
                max_failures,
                max_changed,
                max_slowdown,
                min_calls,
            } => {
                let terms = Terms::default();
                let terms = Terms {
                    shadow: !no_shadow,
                    share,
                    max_failures: max_failures.unwrap_or(terms.max_failures),
                    max_changed: max_changed.unwrap_or(terms.max_changed),
                    max_slowdown: max_slowdown.unwrap_or(terms.max_slowdown),
                    min_calls: min_calls.unwrap_or(terms.min_calls),
                };
                let asked = json!({ "digest": digest, "grant": grant, "terms": terms });
                let candidate = server.send(Method::POST, &format!("/{framework}/trial"), Some(asked)).await?;
                let number = candidate.get("generation").and_then(Value::as_u64).unwrap_or_default();
                say(format_args!("{framework}: generation {number} is tried out; see: enginehouse plugin list"))?;
            }
            Served::Promote { framework } => {
                serves(&server.send(Method::POST, &format!("/{framework}/promote"), None).await?)?;
            }
            Served::EndTrial { framework } => {
                server.send(Method::DELETE, &format!("/{framework}/trial"), None).await?;
                say(format_args!("{framework}: the trial is ended"))?;
            }
            Served::Rollback { framework, to } => {
                let asked = json!({ "to": to });
                let serving = server.send(Method::POST, &format!("/{framework}/rollback"), Some(asked)).await?;
                serves(&serving)?;
            }
            Served::Remove { framework, digest } => {
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
        Ok(Self { base, token: token.trim().to_owned(), http: reqwest::Client::builder().no_proxy().build()? })
    }

    async fn install(&self, file: &Path, signature: Option<&Path>) -> anyhow::Result<Value> {
        let wasm = read(file).await?;
        let signature = match signature {
            Some(signature) => Some(read(signature).await?),
            None => tokio::fs::read(file.with_added_extension("sig")).await.ok(),
        };
        let request = self.request(Method::POST, "").header("content-type", "application/wasm").body(wasm);
        self.answer(match signature {
            Some(signature) => request.header("enginehouse-signature", text_of(&signature)),
            None => request,
        })
        .await
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

async fn read(file: &Path) -> anyhow::Result<Vec<u8>> {
    tokio::fs::read(file).await.with_context(|| format!("cannot read {}", file.display()))
}

/// A signature as a header takes it: a raw one in base64, another as it is.
fn text_of(signature: &[u8]) -> String {
    match std::str::from_utf8(signature) {
        Ok(text) if signature.len() != 64 => text.split_whitespace().collect(),
        _ => STANDARD.encode(signature),
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
    if let Some(trial) = plugin.get("trial").filter(|trial| !trial.is_null()) {
        let count = |name: &str| trial.get(name).and_then(Value::as_u64).unwrap_or_default();
        let (number, digest) = (count("generation"), short(text(trial, "digest")));
        say(format_args!(
            "  generation {number} ({digest}) is tried out: {} calls, {} failed; of {} readings {} have other findings, {} \
             another verdict",
            count("calls"),
            count("failed"),
            count("mirrored"),
            count("changed_findings"),
            count("changed_verdicts")
        ))?;
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
