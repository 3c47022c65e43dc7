//! Which generations serve when the server comes up.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use bytes::Bytes;
use enginehouse_capabilities::Interface;
use enginehouse_runtime::{Registry, Runtime};
use futures::future::join_all;
use parking_lot::Mutex;
use sha2::{Digest as _, Sha256};
use tokio::sync::mpsc;

use super::{
    Failures, ORDERS, Plugins, Result, Trials,
    install::{Installer, component},
    loader::{Loader, Tried},
    trust::Trust,
};
use crate::{
    config::{self, Framework},
    store::{self, GenerationRow, Origin, Store},
};

/// Generations that are tried at start where later ones cannot be loaded any more.
const TRIED: usize = 8;

/// A plugin that comes with the server.
#[derive(Debug, Clone)]
pub struct Bundled {
    /// The framework that it is for.
    pub framework: String,
    /// The component.
    pub wasm: Bytes,
}

impl Bundled {
    /// SHA-256 of the component, in hex.
    fn digest(&self) -> String {
        hex::encode(Sha256::digest(&self.wasm))
    }
}

impl Plugins {
    /// Lets each framework's latest generation serve, and takes orders from then on. A bundled plugin is the first generation of
    /// its framework, and a newer one follows it where no operator has chosen otherwise. One that fails leaves the others serving,
    /// and where there is one, the generation before it.
    ///
    /// # Errors
    /// Where the store does not answer, or a publisher's key cannot be read.
    pub(crate) async fn start(
        runtime: Runtime,
        store: Store,
        frameworks: BTreeMap<String, Framework>,
        settings: &config::Plugins,
        bundled: Vec<Bundled>,
    ) -> anyhow::Result<Self> {
        let registry = Arc::new(Registry::default());
        let failures = Arc::new(Failures::default());
        let trust = Arc::new(Trust::read(settings, bundled.iter().map(Bundled::digest).collect())?);
        let installer = Arc::new(Installer::new(runtime.clone(), store.clone(), Arc::clone(&trust)));
        let latest = store.latest_generations().await?;
        let trials = Arc::new(Trials::default());
        let loader = Loader { runtime, store, frameworks, registry, failures, trust, trials, tries: Mutex::default() };
        let mut names: BTreeSet<&str> = latest.iter().map(|row| row.framework.as_str()).collect();
        names.extend(bundled.iter().map(|bundled| bundled.framework.as_str()));
        let started = names.into_iter().map(async |framework| {
            let bundled = bundled.iter().find(|bundled| bundled.framework == framework);
            let latest = latest.iter().find(|row| row.framework == framework);
            loader.begin(framework, bundled, latest).await
        });
        join_all(started).await.into_iter().collect::<Result<()>>()?;
        loader.follow_trials().await?;
        let (orders, inbox) = mpsc::channel(ORDERS);
        let (take_ups, wanted) = mpsc::channel(ORDERS);
        let plugins = Self {
            registry: Arc::clone(&loader.registry),
            failures: Arc::clone(&loader.failures),
            trials: Arc::clone(&loader.trials),
            orders,
            take_ups,
            installer,
        };
        let loader = Arc::new(loader);
        tokio::spawn(Arc::clone(&loader).take_up_all(wanted));
        tokio::spawn(loader.run(inbox));
        Ok(plugins)
    }
}

impl Loader {
    async fn begin(&self, framework: &str, bundled: Option<&Bundled>, latest: Option<&GenerationRow>) -> Result<()> {
        if let Some(bundled) = bundled {
            let digest = bundled.digest();
            let is_new = latest.is_none_or(|latest| latest.bundled && latest.digest != digest);
            if is_new && self.begin_anew(framework, &digest, &bundled.wasm).await? {
                return Ok(());
            }
        }
        let mut tried = BTreeSet::new();
        for row in self.store.served_generations(framework).await? {
            if tried.len() < TRIED && tried.insert(row.digest.clone()) && self.go_on(&row).await {
                break;
            }
        }
        Ok(())
    }

    /// Lets the bundled plugin serve as a new generation; whether it does.
    async fn begin_anew(&self, framework: &str, digest: &str, wasm: &Bytes) -> Result<bool> {
        let all: BTreeSet<Interface> = Interface::ALL.into();
        let plugin = match self.load(framework, digest, wasm.clone(), &all, Tried::Anew).await {
            Ok(plugin) => plugin,
            Err(error) => {
                self.failed(framework, digest, &error);
                return Ok(false);
            }
        };
        // Kept as well: runs that are pinned to it must find it under the next version of the server.
        self.store.add_component(component(&plugin, wasm)).await?;
        let added = self.store.add_generation(framework, digest, plugin.imports(), Origin::Bundled).await;
        // Another server that starts at this moment was first, with the same.
        if added.as_ref().is_err_and(store::Error::is_lasting) {
            return Ok(false);
        }
        let number = added?;
        self.publish(number, plugin);
        Ok(true)
    }

    /// Lets a generation serve again that did before; whether it does.
    async fn go_on(&self, row: &GenerationRow) -> bool {
        match self.load_again(row).await {
            Ok(plugin) => {
                self.publish(row.number, plugin);
                true
            }
            Err(error) => {
                // Why the latest does not serve is what the operator needs to know.
                if !self.failures.load().contains_key(&row.framework) {
                    self.failed(&row.framework, &row.digest, &error);
                }
                false
            }
        }
    }
}
