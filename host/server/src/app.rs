//! The application: every part, put together once.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use anyhow::Context;
use enginehouse_capabilities::{Catalog, Objects};
use enginehouse_runtime::{Plugin, PluginConfig, PluginSource, PluginState, Registry, Runtime};

use crate::{
    backends::{self, Backends},
    config::Config,
    events::Events,
    run::{Places, RunEngine, StoreJournal},
    secrets,
    service::{Error, Result},
    store::Store,
};

/// A blocking path waits at most this long for its run.
const PATIENCE: Duration = Duration::from_secs(20 * 60);

/// What services work with.
#[derive(Debug)]
pub struct App {
    pub config: Config,
    pub store: Store,
    pub objects: Arc<dyn Objects>,
    pub catalog: Arc<dyn Catalog>,
    pub plugins: Arc<Registry>,
    pub runs: RunEngine,
    pub events: Events,
    /// Opens the operator's part.
    pub operator_token: String,
    /// How long a blocking path waits for its run.
    pub patience: Duration,
}

/// What only the start needs to know.
#[derive(Debug, Clone)]
pub struct Start {
    /// The executable that serves as the sandboxes' shim: this one.
    pub executable: PathBuf,
    /// Plugins beside, or instead of, the bundled ones.
    pub plugins: Vec<PluginSource>,
}

impl App {
    /// Opens the data folder, starts the embedded backends, loads the plugins and takes up the runs that have not ended.
    ///
    /// # Errors
    /// What cannot be opened or started, and why. A plugin that fails to load is no error: the others serve.
    pub async fn start(config: Config, start: Start) -> anyhow::Result<Arc<Self>> {
        make_private(&config.data).await?;
        let events = Events::new();
        let store = Store::open(&config.data.join("enginehouse.sqlite")).await.context("cannot open the store")?;
        let operator_token = secrets::keep(&config.data.join("operator.token")).await?;
        let journal = Arc::new(StoreJournal::new(store.clone(), events.clone()));
        let Backends { capabilities, local_engines } = backends::open(&config, &start.executable, journal).await?;
        let (objects, catalog) = (Arc::clone(&capabilities.objects), Arc::clone(&capabilities.catalog));

        let runtime = Runtime::new(Config::compiled_folder().as_deref(), capabilities)
            .context("cannot start the plugin runtime")?;
        let plugins = Arc::new(Registry::load(&runtime, sources(&config, start.plugins)).await);
        let places = Places::local(local(&plugins, &local_engines), config.bucket());
        let runs = RunEngine::new(store.clone(), Arc::clone(&plugins), Arc::clone(&objects), events.clone(), places);
        let resumed = runs.resume().await.context("cannot take up the runs that have not ended")?;
        if resumed > 0 {
            tracing::info!(runs = resumed, "took up runs that had not ended");
        }
        let patience = PATIENCE;
        Ok(Arc::new(Self { config, store, objects, catalog, plugins, runs, events, operator_token, patience }))
    }

    /// The plugin that serves a framework.
    ///
    /// # Errors
    /// [`Error::NotFound`] with the frameworks there are.
    pub fn plugin(&self, framework: &str) -> Result<Arc<Plugin>> {
        self.plugins.get(framework).ok_or_else(|| {
            let serving = self.plugins.serving();
            let known: Vec<_> = serving.iter().map(|plugin| plugin.describe().framework.as_str()).collect();
            Error::NotFound(format!("there is no framework `{framework}`; there is {}", known.join(", ")))
        })
    }
}

fn sources(config: &Config, named: Vec<PluginSource>) -> Vec<PluginSource> {
    let bundled = enginehouse_bundle::ALL.iter().map(|bundled| {
        let settings = config.frameworks.get(bundled.name).map(|framework| framework.settings.clone());
        PluginSource {
            name: bundled.name.to_owned(),
            wasm: bytes::Bytes::from_static(bundled.wasm),
            config: PluginConfig { settings: settings.unwrap_or_default(), ..PluginConfig::default() },
        }
    });
    named.into_iter().chain(bundled).collect()
}

/// The frameworks that can run on this machine: those with a platform `local` whose engine we know.
fn local(plugins: &Registry, engines: &[String]) -> Vec<String> {
    let serving = plugins.statuses().into_iter().filter_map(|status| match status.state {
        PluginState::Serving { description, .. } => Some(description),
        PluginState::Failed { .. } => None,
    });
    serving
        .filter(|description| description.platforms.iter().any(|platform| platform.name == "local"))
        .map(|description| description.framework)
        .filter(|framework| engines.contains(framework))
        .collect()
}

async fn make_private(folder: &Path) -> anyhow::Result<()> {
    let mut builder = tokio::fs::DirBuilder::new();
    builder.recursive(true).mode(0o700);
    builder.create(folder).await.with_context(|| format!("cannot make the data folder {}", folder.display()))
}
