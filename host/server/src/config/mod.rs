//! The configuration: one file, read whole before a port opens. Every setting has a default that works.

mod backends;
mod check;
mod secret;
mod seed;
mod tools;

use std::{
    collections::BTreeMap,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    num::NonZeroU32,
    path::{Path, PathBuf},
};

use enginehouse_local::engines::EnginesRoot;
use serde::Deserialize;

use crate::{
    plugins,
    store::Database,
    telemetry::{Log, Traces},
};

pub use self::{
    backends::{AsIs, Aws, Batch, Batches, Catalog, Codegen, Function, Functions, Guardrail, Objects, Payload, Store},
    secret::Secret,
    tools::{Auth, Cluster, Mcp, Server, Tools},
};

/// The whole configuration. Unknown keys are errors.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Config {
    /// Where the API listens. Only loopback addresses: there is no authentication of callers yet.
    pub listen: SocketAddr,
    /// Where the server keeps what it must not lose.
    pub data: PathBuf,
    /// Where runs and sessions are kept.
    pub store: Store,
    /// The account at AWS.
    pub aws: Aws,
    /// The object store.
    pub objects: Objects,
    /// The table catalog.
    pub catalog: Catalog,
    /// The code generation agent.
    pub codegen: Codegen,
    /// Functions that answer within minutes.
    pub functions: Functions,
    /// Batches on a managed service.
    pub batches: Batches,
    /// Tools behind gateways.
    pub tools: Tools,
    /// Engines on this machine.
    pub local: Local,
    /// What a request may ask for.
    pub limits: Limits,
    /// Who calls.
    pub callers: Callers,
    /// What may be spent.
    pub cost: Cost,
    /// The server's log.
    pub log: Log,
    /// Spans of requests, runs and plugin calls.
    pub traces: Traces,
    /// Where plugins come from.
    pub plugins: Plugins,
    /// Settings of plugins, by framework.
    pub frameworks: BTreeMap<String, Framework>,
}

/// Engines on this machine.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Local {
    /// Where engines are installed; shared by all data folders of a user.
    pub engines: PathBuf,
    /// How many programs run at once.
    pub max_running: usize,
    /// Memory of one program with its engine, in MiB.
    pub memory_mib: u64,
    /// What one program may write, in MiB.
    pub disk_mib: u64,
    /// Sandboxes that are started ahead, by engine.
    pub pool: BTreeMap<String, Pool>,
}

/// Sandboxes of one engine that are started ahead. What is not said is the engine's own.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Pool {
    /// How many wait; 0 for none.
    pub size: Option<usize>,
    /// One that has waited for so long is ended, in seconds.
    pub idle_seconds: Option<u64>,
    /// Memory that one may use while it waits, in MiB.
    pub memory_mib: Option<u64>,
}

/// What a request may ask for.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Limits {
    /// The largest upload, in MiB.
    pub upload_mib: u64,
    /// How long a run may wait at its engine where it does not say, in seconds.
    pub queue_seconds: u32,
    /// How long its program may run where it does not say, in seconds.
    pub run_seconds: u32,
    /// How long its program may print nothing where it does not say, in seconds; none: as long as it runs.
    pub idle_seconds: Option<u32>,
    /// How often code is written for one run where it does not say.
    pub max_attempts: u32,
    /// How long runs are kept after they have ended, in days; none: for ever.
    pub keep_runs_days: Option<u32>,
    /// How many runs of one session may be open at once.
    pub open_runs: u32,
    /// How many sessions one caller may have.
    pub sessions: u32,
    /// How long a session is kept that nobody uses, in days.
    pub session_days: u32,
    /// What may be asked of the model.
    pub codegen: CodegenLimits,
}

/// What may be asked of the model.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct CodegenLimits {
    /// Requests a minute, over all plugins and callers; none: any number.
    pub requests_per_minute: Option<NonZeroU32>,
    /// How long a request waits for its turn, in seconds.
    pub queue_seconds: u32,
    /// Tokens, read and written, that one caller's runs may take in 24 hours; none: any number.
    pub tokens_per_day: Option<u64>,
    /// How long a model that failed five times in a row is left alone, in seconds.
    pub pause_seconds: u32,
}

/// Who calls.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Callers {
    /// The header in which a proxy in front, which authenticates callers, says who they are (`x-forwarded-user`). Sessions and
    /// runs then belong to who made them, and others do not see them. None: everybody on this machine is the same caller.
    pub header: Option<String>,
}

/// What may be spent, in the currency that the prices are in.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Cost {
    /// The most that one run may be expected to cost.
    pub per_run: Option<f64>,
    /// The most that the runs of 24 hours may cost, over all callers.
    pub per_day: Option<f64>,
}

/// What work on a platform costs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Price {
    /// An hour of the whole platform.
    pub hour: f64,
    /// An hour of one virtual processor.
    pub vcpu_hour: f64,
    /// An hour of one GB of memory.
    pub memory_gb_hour: f64,
}

/// Where plugins come from, beside those that operators install.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Plugins {
    /// A folder for development: a component that is saved there serves at once, with all that it asks for. None: no folder.
    pub watch: Option<PathBuf>,
    /// Let only components serve that one of the publishers has signed, beside those that came with the server.
    pub require_signature: bool,
    /// Publishers by name: the file of each one's Ed25519 public key, in PEM.
    pub publishers: BTreeMap<String, PathBuf>,
}

/// Settings of one plugin.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Framework {
    /// Handed to the plugin as they are. No secrets.
    pub settings: BTreeMap<String, String>,
    /// Where its platforms are: the name of a function, a batch application or a server of tools, by platform.
    pub places: BTreeMap<String, String>,
    /// What work costs, by platform; one that is not here costs nothing.
    pub prices: BTreeMap<String, Price>,
    /// What it may use of the host.
    pub grants: plugins::Grants,
    /// What each of its calls may use.
    pub limits: plugins::Limits,
}

impl Framework {
    /// A setting about a platform that is none of these: `places` or `prices`, and the platform.
    pub(crate) fn stray_platform(&self, platforms: &[&str]) -> Option<(&'static str, &str)> {
        let places = self.places.keys().map(|platform| ("places", platform.as_str()));
        let prices = self.prices.keys().map(|platform| ("prices", platform.as_str()));
        places.chain(prices).find(|(_, platform)| !platforms.contains(platform))
    }
}

/// The configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file cannot be read.
    #[error("cannot read the configuration {0}: {1}")]
    Unreadable(PathBuf, std::io::Error),
    /// The file does not say what it must.
    #[error("the configuration {0} is wrong in line {1}: {2}")]
    Wrong(PathBuf, usize, String),
    /// The listen address is open to others.
    #[error(
        "refusing to listen on {0}: callers are not authenticated yet, so only a loopback address is safe; \
         set `listen` to 127.0.0.1 and put a proxy that authenticates in front"
    )]
    Open(SocketAddr),
    /// A setting holds what it cannot.
    #[error("the setting `{0}` is wrong: {1}")]
    Setting(String, String),
    /// This user has no home folder.
    #[error(
        "no home folder was found for this user: name the data folder with --data, and that of engines by the setting `local.engines`"
    )]
    Homeless,
}

impl Config {
    /// Reads a file, and where it says nothing the seed's variables of the environment; without a file, the defaults.
    ///
    /// # Errors
    /// What is unreadable or wrong in it.
    pub fn read(file: Option<&Path>) -> Result<Self, Error> {
        let (mut config, stated) = file.map(Self::of_file).transpose()?.unwrap_or_default();
        seed::take(&mut config, &stated, |name| std::env::var(name).ok());
        Ok(config)
    }

    /// Variables of the environment that are set and do nothing, each with what to do instead.
    pub fn unused_variables(&self) -> Vec<(&'static str, &'static str)> {
        seed::unused(self, |name| std::env::var(name).ok())
    }

    /// With what the file states, as it stands there.
    fn of_file(file: &Path) -> Result<(Self, toml::Table), Error> {
        let text = std::fs::read_to_string(file).map_err(|error| Error::Unreadable(file.to_owned(), error))?;
        let wrong = |error: toml::de::Error| {
            // Without the line itself, which may hold a password.
            let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
            Error::Wrong(file.to_owned(), before.matches('\n').count() + 1, without_values(error.message()))
        };
        Ok((toml::from_str(&text).map_err(wrong)?, toml::from_str(&text).map_err(wrong)?))
    }

    /// Every secret that the configuration names, with its setting.
    pub fn secrets(&self) -> Vec<(String, &Secret)> {
        Secret::all(&self.codegen, &self.tools)
    }

    /// The database that the configuration names.
    pub fn database(&self) -> Database {
        match &self.store {
            Store::Embedded => Database::Sqlite(self.data.join("enginehouse.sqlite")),
            Store::Postgres { url } => Database::Postgres(url.clone()),
        }
    }

    /// The bucket for uploads and results.
    pub fn bucket(&self) -> &str {
        let (Objects::Embedded { bucket } | Objects::S3 { bucket }) = &self.objects;
        bucket
    }

    /// Where compiled plugins are kept for this user; they can be made again.
    pub fn compiled_folder() -> Option<PathBuf> {
        directories::ProjectDirs::from("", "", "enginehouse").map(|dirs| dirs.cache_dir().join("compiled"))
    }
}

impl Default for Config {
    fn default() -> Self {
        let data = directories::ProjectDirs::from("", "", "enginehouse").map(|dirs| dirs.data_dir().to_owned());
        Self {
            listen: SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8080),
            data: data.unwrap_or_default(),
            store: Store::Embedded,
            aws: Aws::default(),
            objects: Objects::default(),
            catalog: Catalog::Embedded,
            codegen: Codegen::Unconfigured,
            functions: Functions::Unconfigured,
            batches: Batches::Unconfigured,
            tools: Tools::default(),
            local: Local::default(),
            limits: Limits::default(),
            callers: Callers::default(),
            cost: Cost::default(),
            log: Log::default(),
            traces: Traces::default(),
            plugins: Plugins::default(),
            frameworks: BTreeMap::new(),
        }
    }
}

impl Default for Local {
    fn default() -> Self {
        let engines = EnginesRoot::of_user().unwrap_or_default();
        Self { engines, max_running: 2, memory_mib: 2048, disk_mib: 4096, pool: BTreeMap::new() }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            upload_mib: 1024,
            queue_seconds: 3600,
            run_seconds: 900,
            idle_seconds: None,
            max_attempts: 3,
            keep_runs_days: None,
            open_runs: 1000,
            sessions: 100_000,
            session_days: 90,
            codegen: CodegenLimits::default(),
        }
    }
}

impl Default for CodegenLimits {
    fn default() -> Self {
        Self { requests_per_minute: None, queue_seconds: 60, tokens_per_day: None, pause_seconds: 30 }
    }
}

/// A message of serde's without the value that it quotes, which may be a password in the wrong place.
fn without_values(message: &str) -> String {
    // A text may hold the sign that ends it; a word that is no variant, and a number, do not.
    let text = message.split_once('"').and_then(|(before, rest)| Some((before, rest.rsplit_once('"')?.1)));
    let word = ["variant `", "integer `", "floating point `"].into_iter().find_map(|sign| {
        let (before, rest) = message.split_once(sign)?;
        let after = rest.split_once("`, expected").map_or("", |(_, after)| after);
        Some(format!("{before}{sign}…`, expected{after}"))
    });
    match text {
        Some((before, after)) => format!("{before}\"…\"{after}"),
        None => word.unwrap_or_else(|| message.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_a_configuration() {
        let config: Config = toml::from_str("").unwrap();
        config.check().unwrap();
        assert!(config.listen.ip().is_loopback());
    }

    #[test]
    fn the_commented_example_is_the_default() {
        let text = include_str!("../../../../examples/config/enginehouse.toml");
        toml::from_str::<Config>(text).unwrap().check().unwrap();
        let all: String =
            text.lines().filter_map(|line| line.strip_prefix("#: ").or(Some(line))).map(|l| format!("{l}\n")).collect();
        let config: Config = toml::from_str(&all).unwrap();
        let default = Config::default();
        assert_eq!(config.listen, default.listen);
        assert_eq!(config.bucket(), default.bucket());
        assert_eq!(config.local.memory_mib, default.local.memory_mib);
        assert_eq!(config.limits.run_seconds, default.limits.run_seconds);
    }

    #[test]
    fn an_unknown_key_is_an_error_that_names_it() {
        let error = toml::from_str::<Config>("lisen = \"127.0.0.1:1\"").unwrap_err().to_string();
        assert!(error.contains("lisen"), "{error}");
    }

    #[test]
    fn a_value_in_the_wrong_place_is_not_told() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("enginehouse.toml");
        for wrong in [
            "store = \"postgres://u:hunter2@h/db\"",
            "[limits]\nrun-seconds = \"hunter2\"",
            "[store]\nbackend = \"hunter2",
            "[codegen]\nbackend = \"openai\"\nurl = \"http://127.0.0.1:1/v1\"\nmodel = \"m\"\napi-key = \"hunter2\"",
            "[codegen]\nbackend = \"openai\"\nurl = \"http://127.0.0.1:1/v1\"\nmodel = \"m\"\napi-key = { env = \"A\", hunter2 = 1 }",
            "[codegen]\nbackend = \"openai\"\nurl = \"hunter2\"\nmodel = \"m\"",
            "[tools.servers.a]\nbackend = \"mcp\"\nurl = \"http://127.0.0.1:1/mcp\"\nauth = \"hunter2\"",
            "[tools.servers.a]\nbackend = \"mcp\"\nurl = \"http://127.0.0.1:1/mcp\"\nauth = { bearer = \"hunter2\" }",
            "[tools.servers.a]\nbackend = \"mcp\"\nurl = \"http://127.0.0.1:1/mcp\"\nauth = { bearer = 4711 }",
            "[tools.servers.a]\nbackend = \"hunter2\"",
        ] {
            std::fs::write(&file, wrong).unwrap();
            let error = Config::read(Some(&file)).unwrap_err().to_string();
            assert!(!error.contains("hunter2") && !error.contains("4711") && error.contains("line"), "{error}");
        }
    }

    #[test]
    fn an_address_that_others_can_reach_is_refused() {
        let config = Config { listen: "0.0.0.0:8080".parse().unwrap(), ..Config::default() };
        assert!(matches!(config.check(), Err(Error::Open(_))));
    }
}
