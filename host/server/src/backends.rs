//! Which backend stands behind each capability: the configuration's choices, matched once.

use std::{num::NonZeroUsize, path::Path, sync::Arc};

use anyhow::Context;
use enginehouse_aws::{Buckets, S3Config, S3Objects};
use enginehouse_capabilities::{Journal, Unconfigured};
use enginehouse_local::{
    catalog::SqliteCatalog,
    engines::EnginesRoot,
    processes::{Limits, LocalProcesses, ProcessesConfig, Shim},
    store::EmbeddedStore,
};
use enginehouse_runtime::Capabilities;
use tokio::net::TcpListener;

use crate::config::{self, Config};

const NO_MODEL: &str = "no model is set up: the setting is `codegen`, and this version has no model backend yet; ask for \
                        sums, counts, averages, filters, groups and the like over known columns, or send code";
const NO_FUNCTIONS: &str = "no functions are set up: this version has no backend for `functions` yet";
const NO_BATCHES: &str = "no batches are set up: this version has no backend for `batches` yet";
const NO_TOOLS: &str = "no tools are set up: this version has no backend for `tools` yet";

/// The capabilities, and which engines this machine can run.
#[derive(Debug)]
pub(crate) struct Backends {
    pub(crate) capabilities: Capabilities,
    pub(crate) local_engines: Vec<String>,
}

/// Opens every backend.
pub(crate) async fn open(config: &Config, executable: &Path, journal: Arc<dyn Journal>) -> anyhow::Result<Backends> {
    let (config::Objects::Embedded { .. }, config::Catalog::Embedded, config::Codegen::Unconfigured) =
        (&config.objects, &config.catalog, &config.codegen);
    let store = Arc::new(EmbeddedStore::open(&config.data).await.context("cannot open the object store")?);
    let objects = embedded_objects(Arc::clone(&store)).await?;
    let catalog = SqliteCatalog::open(&config.data).await.context("cannot open the catalog")?;
    let engines = EnginesRoot::new(&config.local.engines);
    let local_engines = engines.engines().iter().map(|engine| engine.name.to_string()).collect();
    let shim = Shim { program: executable.to_owned(), arguments: vec!["shim".into()] };
    let processes = ProcessesConfig {
        limits: Limits {
            memory: config.local.memory_mib << 20,
            disk: config.local.disk_mib << 20,
            ..Limits::default()
        },
        max_running: NonZeroUsize::new(config.local.max_running).unwrap_or(NonZeroUsize::MIN),
        ..ProcessesConfig::new(config.data.join("processes"), store.root(), engines, shim)
    };
    let capabilities = Capabilities {
        codegen: Arc::new(Unconfigured { advice: NO_MODEL }),
        objects: Arc::new(objects),
        catalog: Arc::new(catalog),
        functions: Arc::new(Unconfigured { advice: NO_FUNCTIONS }),
        batches: Arc::new(Unconfigured { advice: NO_BATCHES }),
        tools: Arc::new(Unconfigured { advice: NO_TOOLS }),
        processes: Arc::new(LocalProcesses::open(processes).await.context("cannot open the sandboxes' folder")?),
        journal,
    };
    Ok(Backends { capabilities, local_engines })
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
    Ok(S3Objects::new(&S3Config {
        endpoint: Some(endpoint.url),
        region: endpoint.region,
        access_key: endpoint.access_key,
        secret_key: endpoint.secret_key,
        path_style: true,
        buckets: Buckets::Make,
        open_to_callers: true,
        same_clock: true,
    }))
}
