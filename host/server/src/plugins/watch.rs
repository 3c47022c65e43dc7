//! A folder for development: a component that is saved there serves.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::Context as _;
use bytes::Bytes;
use notify_debouncer_mini::{DebounceEventResult, Debouncer, new_debouncer, notify};
use sha2::{Digest as _, Sha256};
use tokio::sync::mpsc;

use super::{Activation, Installed, Package, Plugins, Result};

/// A file that is still being written is left alone for so long after its last change.
const QUIET: Duration = Duration::from_millis(200);

/// Watches a folder for as long as it lives.
#[derive(Debug)]
pub(crate) struct Watch {
    _debouncer: Debouncer<notify::RecommendedWatcher>,
}

impl Watch {
    /// Lets every `*.wasm` in the folder serve, now and whenever it is saved, with all that it asks for: whoever writes there is
    /// the operator. What fails is told in the log, and by the status of its framework.
    ///
    /// # Errors
    /// Where the folder cannot be watched.
    pub(crate) fn start(folder: &Path, plugins: Plugins) -> anyhow::Result<Self> {
        let (saved, mut changes) = mpsc::unbounded_channel::<PathBuf>();
        let watched = || format!("cannot watch the folder {} (`plugins.watch`)", folder.display());
        let tell = saved.clone();
        let changed = move |events: DebounceEventResult| match events {
            // Nobody listens once the server ends.
            Ok(events) => events.into_iter().for_each(|event| drop(tell.send(event.path))),
            Err(error) => tracing::warn!(%error, "changes in the watched folder were missed"),
        };
        let mut debouncer = new_debouncer(QUIET, changed).with_context(watched)?;
        debouncer.watcher().watch(folder, notify::RecursiveMode::NonRecursive).with_context(watched)?;
        for entry in std::fs::read_dir(folder).with_context(watched)? {
            let _nobody_listens = saved.send(entry?.path());
        }
        tokio::spawn(async move {
            // One save is told several times.
            let mut taken = HashMap::new();
            while let Some(path) = changes.recv().await {
                // A signature that is saved after its component lets that be tried again.
                let (path, signed) = match path.extension().is_some_and(|ending| ending == "sig") {
                    true => (path.with_extension(""), true),
                    false => (path, false),
                };
                if path.extension().is_some_and(|ending| ending == "wasm")
                    && let Ok(wasm) = tokio::fs::read(&path).await
                {
                    let digest: [u8; 32] = Sha256::digest(&wasm).into();
                    if taken.insert(path.clone(), digest) != Some(digest) || signed {
                        take(&plugins, &path, wasm.into()).await;
                    }
                }
            }
        });
        Ok(Self { _debouncer: debouncer })
    }
}

async fn take(plugins: &Plugins, path: &Path, wasm: Bytes) {
    let signature = tokio::fs::read(path.with_added_extension("sig")).await.ok();
    if let Err(error) = serve(plugins, Package::Component { wasm, signature }).await {
        tracing::error!(file = %path.display(), %error, "a watched plugin was not activated");
    }
}

async fn serve(plugins: &Plugins, package: Package) -> Result<()> {
    let Installed { digest, imports, .. } = plugins.install(package).await?;
    plugins.activate(Activation { digest, grants: imports }).await?;
    Ok(())
}
