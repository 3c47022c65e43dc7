//! From what an operator hands in to a component in the store.

use std::{collections::BTreeSet, sync::Arc};

use bytes::Bytes;
use enginehouse_capabilities::Interface;
use enginehouse_protocols::oci::{self, Credentials};
use enginehouse_runtime::{Plugin, PluginConfig, Runtime};
use tokio::sync::Semaphore;

use super::{Error, Result, trust::Trust};
use crate::store::{NewComponent, Store};

/// Components that are pulled and compiled at once.
const AT_ONCE: usize = 2;

/// What an operator hands in.
#[derive(Debug, Clone)]
pub enum Package {
    /// A component itself, with a detached signature where it has one.
    Component {
        /// Its bytes.
        wasm: Bytes,
        /// Ed25519, raw or in base64.
        signature: Option<Vec<u8>>,
    },
    /// What is in an OCI registry: `HOST/NAME:TAG`, or `HOST/NAME@sha256:…`.
    Registry(String),
}

/// A component that was taken into the store.
#[derive(Debug, Clone)]
pub struct Installed {
    /// SHA-256, in hex.
    pub digest: String,
    pub framework: String,
    pub version: String,
    /// What it asks for.
    pub imports: BTreeSet<Interface>,
    /// Who signed it; none where it came without a signature.
    pub publisher: Option<String>,
    /// What a registry calls it, by digest.
    pub reference: Option<String>,
}

#[derive(Debug)]
pub(super) struct Installer {
    runtime: Runtime,
    store: Store,
    trust: Arc<Trust>,
    turns: Semaphore,
}

impl Installer {
    pub(super) fn new(runtime: Runtime, store: Store, trust: Arc<Trust>) -> Self {
        Self { runtime, store, trust, turns: Semaphore::new(AT_ONCE) }
    }

    pub(super) async fn install(&self, package: Package) -> Result<Installed> {
        let _turn = self.turns.acquire().await.map_err(|_| Error::Ending)?;
        let (wasm, signature, reference) = match package {
            Package::Component { wasm, signature } => (wasm, signature, None),
            Package::Registry(reference) => {
                let pulled = oci::pull(&reference, &Credentials::DockerConfig, oci::Limits::default()).await?;
                let reference = by_digest(&pulled.reference, &pulled.manifest_digest);
                (pulled.wasm, pulled.signature, Some(reference))
            }
        };
        // Before a compiler sees it.
        let publisher = self.trust.publisher(&wasm, signature.as_deref()).await?;
        // Whatever it asks for: nothing answers in `describe`.
        let plugin = self.runtime.load(wasm.clone(), PluginConfig::default()).await?;
        let new = NewComponent { reference, signature, publisher, ..component(&plugin, &wasm) };
        let installed = Installed {
            digest: new.digest.clone(),
            framework: new.framework.clone(),
            version: new.version.clone(),
            imports: new.imports.clone(),
            publisher: new.publisher.clone(),
            reference: new.reference.clone(),
        };
        self.store.add_component(new).await?;
        tracing::info!(framework = installed.framework, digest = installed.digest, "a plugin was installed");
        Ok(installed)
    }
}

/// A plugin's component as the store keeps it, of unknown origin.
pub(super) fn component(plugin: &Plugin, wasm: &Bytes) -> NewComponent {
    NewComponent {
        digest: plugin.digest().to_owned(),
        framework: plugin.describe().framework.clone(),
        version: plugin.describe().version.clone(),
        imports: plugin.imports().clone(),
        reference: None,
        signature: None,
        publisher: None,
        wasm: wasm.to_vec(),
    }
}

/// A reference that names the same bytes for ever: tags move.
fn by_digest(reference: &str, manifest_digest: &str) -> String {
    let name = reference.split('@').next().unwrap_or(reference);
    let tag = name.rfind(':').filter(|colon| name.rfind('/').is_some_and(|slash| slash < *colon));
    format!("{}@{manifest_digest}", tag.and_then(|colon| name.get(..colon)).unwrap_or(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_gives_way_to_the_digest() {
        for reference in ["localhost:5000/a/b:1.0", "localhost:5000/a/b", "localhost:5000/a/b:1.0@sha256:00"] {
            assert_eq!(by_digest(reference, "sha256:ff"), "localhost:5000/a/b@sha256:ff");
        }
    }
}
