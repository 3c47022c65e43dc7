//! The application: every part, put together once.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use anyhow::Context;
use enginehouse_capabilities::{Catalog, Model, Objects, Processes};
use enginehouse_runtime::{CompilerProcess, Generation, Runtime};

use metrics_exporter_prometheus::PrometheusHandle;
use tokio::sync::Semaphore;
use uuid::Uuid;

use crate::{
    backends::{self, Backends, With},
    calls::Calls,
    config::Config,
    events::Events,
    measure,
    plugins::{Bundled, Plugins, Watch},
    run::{self, Places, Prices, RunEngine, StoreJournal},
    secrets,
    service::{Error, Result, retention},
    store::Store,
};

/// Steps of runs that are taken at once; the others wait their turn.
const STEPS_AT_ONCE: usize = 32;
/// How many of them write code.
const WRITING_AT_ONCE: usize = 24;
/// A blocking path waits at most this long for its run.
const PATIENCE: Duration = Duration::from_secs(20 * 60);

/// What services work with.
#[derive(Debug)]
pub struct App {
    pub config: Config,
    pub store: Store,
    pub objects: Arc<dyn Objects>,
    pub catalog: Arc<dyn Catalog>,
    pub processes: Arc<dyn Processes>,
    pub plugins: Plugins,
    pub runs: RunEngine,
    pub events: Events,
    /// Opens the operator's part.
    pub operator_token: String,
    /// What is measured.
    pub(crate) metrics: PrometheusHandle,
    /// How long a blocking path waits for its run.
    pub patience: Duration,
    /// Held for as long as the data folder is this server's.
    _lock: std::fs::File,
    _watch: Option<Watch>,
}

/// What only the start needs to know.
#[derive(Debug, Clone)]
pub struct Start {
    /// The executable that serves as the sandboxes' shim and as the compiler of plugins: this one.
    pub executable: PathBuf,
    /// Plugins beside the bundled ones, or in their place.
    pub plugins: Vec<Bundled>,
    /// Engines in the place of this machine's own.
    pub processes: Option<Arc<dyn Processes>>,
    /// A model in the place of the configured one.
    pub model: Option<Arc<dyn Model>>,
}

impl App {
    /// Opens the data folder, starts the embedded backends, loads the plugins and takes up the runs that have not ended.
    ///
    /// # Errors
    /// What cannot be opened or started, and why. A plugin that fails to load is no error: the others serve.
    pub async fn start(config: Config, start: Start) -> anyhow::Result<Arc<Self>> {
        make_private(&config.data).await?;
        let metrics = measure::start().context("cannot begin to measure")?;
        let events = Events::new();
        let lock = lock(&config.data)?;
        let store = Store::open(&config.database()).await.context("cannot open the store")?;
        let operator_token = secrets::keep(&config.data.join(secrets::OPERATOR_TOKEN)).await?;
        let journal = Arc::new(StoreJournal::new(store.clone(), events.clone()));
        for (name, advice) in config.unused_variables() {
            tracing::warn!(variable = name, advice, "a variable of the environment does nothing");
        }
        let host = Uuid::now_v7();
        let with = With {
            config: &config,
            executable: &start.executable,
            store: &store,
            events: &events,
            journal,
            calls: Calls::new(store.clone(), host),
            processes: start.processes,
            model: start.model,
        };
        let Backends { capabilities, local_engines } = backends::open(with).await?;
        let (objects, catalog) = (Arc::clone(&capabilities.objects), Arc::clone(&capabilities.catalog));
        let processes = Arc::clone(&capabilities.processes);

        let compiler = CompilerProcess { program: start.executable, arguments: vec!["compile".into()] };
        let runtime = Runtime::new(Config::compiled_folder().as_deref(), Some(compiler), capabilities)
            .context("cannot start the plugin runtime")?;
        let plugins =
            Plugins::start(runtime, store.clone(), config.frameworks.clone(), &config.plugins, bundled(start.plugins))
                .await
                .context("cannot start the plugins")?;
        for framework in config.frameworks.keys().filter(|framework| plugins.get(framework).is_none()) {
            tracing::warn!(
                framework,
                "the configuration has settings for a framework that does not serve: is its name right?"
            );
        }
        let places = Places::new(local_engines, &config);
        let parts = run::Parts {
            store: store.clone(),
            plugins: plugins.clone(),
            objects: Arc::clone(&objects),
            events: events.clone(),
            places,
            prices: Prices::of(&config),
            writing: Semaphore::new(WRITING_AT_ONCE),
        };
        let runs = RunEngine::start(parts, host, STEPS_AT_ONCE)
            .await
            .context("cannot take up the runs that have not ended")?;
        let _watch = config.plugins.watch.as_deref().map(|folder| Watch::start(folder, plugins.clone())).transpose()?;
        let (patience, _lock) = (PATIENCE, lock);
        let app = Arc::new(Self {
            config,
            store,
            objects,
            catalog,
            processes,
            plugins,
            runs,
            events,
            operator_token,
            metrics,
            patience,
            _lock,
            _watch,
        });
        tokio::spawn(retention::keep(Arc::downgrade(&app)));
        Ok(app)
    }

    /// The plugin for a new run: that of a candidate on trial for its share of them, else the one that serves.
    ///
    /// # Errors
    /// As for [`App::plugin`].
    pub fn plugin_for_run(&self, framework: &str) -> Result<Arc<Generation>> {
        self.plugins.for_run(framework).map_or_else(|| self.plugin(framework), Ok)
    }

    /// The plugin that serves a framework.
    ///
    /// # Errors
    /// [`Error::NotFound`] with the frameworks there are.
    pub fn plugin(&self, framework: &str) -> Result<Arc<Generation>> {
        self.plugins.get(framework).ok_or_else(|| {
            let serving = self.plugins.serving();
            let known: Vec<_> = serving.iter().map(|plugin| plugin.describe().framework.as_str()).collect();
            Error::NotFound(format!("there is no framework `{framework}`; there is {}", known.join(", ")))
        })
    }
}

/// The bundled plugins, but for those in whose place another is named.
fn bundled(mut named: Vec<Bundled>) -> Vec<Bundled> {
    let ours = enginehouse_bundle::ALL.iter().filter(|ours| !named.iter().any(|named| named.framework == ours.name));
    let ours: Vec<_> = ours
        .map(|ours| Bundled { framework: ours.name.to_owned(), wasm: bytes::Bytes::from_static(ours.wasm) })
        .collect();
    named.extend(ours);
    named
}

/// Keeps a second server out of the data folder; the lock ends with the process, however that ends.
fn lock(folder: &Path) -> anyhow::Result<std::fs::File> {
    let path = folder.join("server.lock");
    let file = std::fs::File::create(&path).with_context(|| format!("cannot make {}", path.display()))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(std::fs::TryLockError::WouldBlock) => anyhow::bail!(
            "another server uses the data folder {}: stop it, or choose another folder with --data",
            folder.display()
        ),
        Err(std::fs::TryLockError::Error(error)) => {
            Err(error).with_context(|| format!("cannot lock {}", path.display()))
        }
    }
}

async fn make_private(folder: &Path) -> anyhow::Result<()> {
    let mut builder = tokio::fs::DirBuilder::new();
    builder.recursive(true).mode(0o700);
    builder.create(folder).await.with_context(|| format!("cannot make the data folder {}", folder.display()))
}
