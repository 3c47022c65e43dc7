//! Which backend stands behind each capability: the configuration's choices, matched once.

mod at_aws;
mod tools;

use std::{num::NonZeroUsize, path::Path, sync::Arc, time::Duration};

use anyhow::Context;
use enginehouse_aws::{
    Account, AgentCoreModel, ConverseModel, EmrBatches, GlueCatalog, LambdaFunctions, Permission, S3Access, S3Config,
    S3Objects,
};
use enginehouse_capabilities::{
    Batches, Catalog, Codegen, Functions, Journal, Model, Objects, Processes, ToolServers as _, Unconfigured,
};
use enginehouse_local::{
    catalog::SqliteCatalog,
    engines::{EnginesRoot, Pool},
    processes::{Limits, LocalProcesses, ProcessesConfig, Shim},
    store::EmbeddedStore,
};
use enginehouse_protocols::openai::{OpenAiConfig, OpenAiModel};
use enginehouse_runtime::Capabilities;
use tokio::net::TcpListener;

use self::at_aws::ModelAtAws;
pub(crate) use self::{at_aws::AtAws, tools::cluster};
use crate::{
    calls::{BackgroundFunctions, Calls},
    config::{self, Config},
    events::Events,
    model::{Agent, Budgets, Pace, Paced},
    plugins::token_budgets,
    store::Store,
};

const NO_MODEL: &str = "no model is set up: the setting is `codegen`; without one, ask for sums, counts, averages, filters, groups and \
                        the like over known columns, or send code";
const NO_FUNCTIONS: &str = "no functions are set up: the setting is `functions`";
const NO_BATCHES: &str = "no batches are set up: the setting is `batches`";
/// Never told: whatever is at AWS has an account opened for it.
const NO_ACCOUNT: &str = "no account at AWS was opened";

/// What backends are opened with.
#[derive(Debug)]
pub(crate) struct With<'a> {
    pub(crate) config: &'a Config,
    /// This executable, which watches over sandboxes.
    pub(crate) executable: &'a Path,
    pub(crate) store: &'a Store,
    pub(crate) events: &'a Events,
    pub(crate) journal: Arc<dyn Journal>,
    pub(crate) calls: Calls,
    /// Engines in the place of this machine's own.
    pub(crate) processes: Option<Arc<dyn Processes>>,
    /// A model in the place of the configured one.
    pub(crate) model: Option<Arc<dyn Model>>,
}

/// The capabilities, and which engines this machine can run.
#[derive(Debug)]
pub(crate) struct Backends {
    pub(crate) capabilities: Capabilities,
    pub(crate) local_engines: Vec<String>,
}

/// Opens every backend.
pub(crate) async fn open(with: With<'_>) -> anyhow::Result<Backends> {
    let config = with.config;
    let at_aws = AtAws::of(config)?;
    let account = at_aws.account(&config.aws).await?;
    let embedded = Arc::new(EmbeddedStore::open(&config.data).await.context("cannot open the object store")?);
    let engines = EnginesRoot::new(&config.local.engines);
    let local_engines = engines.engines().iter().map(|engine| engine.name.to_string()).collect();
    let processes = match &with.processes {
        Some(processes) => Arc::clone(processes),
        None => local_processes(config, with.executable, &embedded, engines).await?,
    };
    let objects = objects(config, account.as_ref(), embedded).await?;
    let capabilities = Capabilities {
        codegen: codegen(&with, at_aws.model.clone(), account.as_ref()).await?,
        catalog: catalog(config, &at_aws, account.as_ref()).await?,
        functions: functions(&at_aws, account.as_ref(), with.calls.clone())?,
        batches: batches(&at_aws, account.as_ref(), &objects)?,
        tools: tools::open(&config.tools, account.as_ref(), with.calls).await?,
        objects,
        processes,
        journal: with.journal,
    };
    Ok(Backends { capabilities, local_engines })
}

/// Whether each service at AWS that the configuration names lets itself be used, by the least call that shows it.
pub(crate) async fn preflight(at_aws: &AtAws, account: &Account) -> anyhow::Result<Vec<Permission>> {
    let mut permissions = at_aws.preflight(account).await?;
    let gateways = tools::mcp(at_aws.gateways.iter(), Some(account)).await?;
    for name in at_aws.gateways.keys() {
        let listed = gateways.list(name).await.map(drop);
        permissions.push(Permission::new("bedrock-agentcore:InvokeGateway", name, listed));
    }
    Ok(permissions)
}

async fn local_processes(
    config: &Config,
    executable: &Path,
    store: &EmbeddedStore,
    engines: EnginesRoot,
) -> anyhow::Result<Arc<dyn Processes>> {
    let shim = Shim { program: executable.to_owned(), arguments: vec!["shim".into()] };
    let mut processes = ProcessesConfig {
        limits: Limits {
            memory: config.local.memory_mib << 20,
            disk: config.local.disk_mib << 20,
            ..Limits::default()
        },
        max_running: NonZeroUsize::new(config.local.max_running).unwrap_or(NonZeroUsize::MIN),
        ..ProcessesConfig::new(config.data.join("processes"), store.root(), engines, shim)
    };
    for (engine, said) in &config.local.pool {
        let known = processes.engines.engine(engine).with_context(|| format!("the setting `local.pool.{engine}`"))?;
        let pool = Pool {
            size: said.size.unwrap_or(known.pool.size),
            idle: said.idle_seconds.map_or(known.pool.idle, Duration::from_secs),
            memory: said.memory_mib.map_or(known.pool.memory, |mib| mib << 20),
        };
        processes.pools.insert(engine.clone(), pool);
    }
    Ok(Arc::new(LocalProcesses::open(processes).await.context("cannot open the sandboxes' folder")?))
}

async fn objects(
    config: &Config,
    account: Option<&Account>,
    embedded: Arc<EmbeddedStore>,
) -> anyhow::Result<Arc<dyn Objects>> {
    Ok(match (&config.objects, account) {
        (config::Objects::S3 { .. }, Some(account)) => Arc::new(S3Objects::of_account(account, S3Access::default())),
        _ => Arc::new(embedded_objects(embedded).await?),
    })
}

async fn catalog(config: &Config, at_aws: &AtAws, account: Option<&Account>) -> anyhow::Result<Arc<dyn Catalog>> {
    Ok(match (&at_aws.catalog, account) {
        (Some(catalog), Some(account)) => Arc::new(GlueCatalog::new(account, catalog.clone())),
        _ => Arc::new(SqliteCatalog::open(&config.data).await.context("cannot open the catalog")?),
    })
}

async fn codegen(
    with: &With<'_>,
    at_aws: Option<ModelAtAws>,
    account: Option<&Account>,
) -> anyhow::Result<Arc<dyn Codegen>> {
    let config = with.config;
    let model = match &with.model {
        Some(model) => Arc::clone(model),
        None => match model(config, at_aws, account).await? {
            Some(model) => model,
            None => return Ok(Arc::new(Unconfigured { advice: NO_MODEL })),
        },
    };
    let budgets =
        Budgets { of_plugins: token_budgets(&config.frameworks), of_a_caller: config.limits.codegen.tokens_per_day };
    Ok(Arc::new(Agent::new(model, with.store.clone(), with.events.clone(), budgets)))
}

/// The configured model, at its pace; none where none is set up.
pub(crate) async fn model(
    config: &Config,
    at_aws: Option<ModelAtAws>,
    account: Option<&Account>,
) -> anyhow::Result<Option<Arc<dyn Model>>> {
    let model: Arc<dyn Model> = match (at_aws, config.codegen.clone()) {
        (Some(ModelAtAws::Agent(agent)), _) => Arc::new(AgentCoreModel::new(account.context(NO_ACCOUNT)?, agent)),
        (Some(ModelAtAws::Models(models)), _) => Arc::new(ConverseModel::new(account.context(NO_ACCOUNT)?, models)),
        (None, config::Codegen::Openai { url, model, api_key, temperature }) => {
            let api_key = match api_key {
                Some(key) => Some(key.find("codegen.api-key", account).await?),
                None => None,
            };
            let endpoint = OpenAiConfig { base_url: url.to_string(), api_key, model, temperature };
            Arc::new(OpenAiModel::new(endpoint).context("cannot reach the model at `codegen.url`")?)
        }
        (None, _) => return Ok(None),
    };
    let limits = &config.limits.codegen;
    let pace = Pace {
        per_minute: limits.requests_per_minute,
        patience: Duration::from_secs(limits.queue_seconds.into()),
        pause: Duration::from_secs(limits.pause_seconds.into()),
    };
    Ok(Some(Arc::new(Paced::new(model, pace))))
}

fn functions(at_aws: &AtAws, account: Option<&Account>, calls: Calls) -> anyhow::Result<Arc<dyn Functions>> {
    if at_aws.functions.is_empty() {
        return Ok(Arc::new(Unconfigured { advice: NO_FUNCTIONS }));
    }
    let functions = LambdaFunctions::new(account.context(NO_ACCOUNT)?, at_aws.functions.clone());
    Ok(Arc::new(BackgroundFunctions::new(Arc::new(functions), calls)))
}

fn batches(at_aws: &AtAws, account: Option<&Account>, objects: &Arc<dyn Objects>) -> anyhow::Result<Arc<dyn Batches>> {
    if at_aws.batches.is_empty() {
        return Ok(Arc::new(Unconfigured { advice: NO_BATCHES }));
    }
    let account = account.context(NO_ACCOUNT)?;
    Ok(Arc::new(EmrBatches::new(account, Arc::clone(objects), at_aws.batches.clone())))
}

/// Our own S3 endpoint on loopback, and a client of it.
async fn embedded_objects(store: Arc<EmbeddedStore>) -> anyhow::Result<S3Objects> {
    let listener = TcpListener::bind("127.0.0.1:0").await.context("cannot open a port for the object store")?;
    let endpoint = store.endpoint(listener.local_addr()?);
    tokio::spawn(async move {
        if let Err(error) = store.serve(listener).await {
            tracing::error!(%error, "the embedded object store stopped");
        }
    });
    Ok(S3Objects::new(&S3Config::own(endpoint.url, endpoint.region, endpoint.access_key, endpoint.secret_key)))
}
