//! Compiles components, and keeps what it compiled.

mod cache;
mod process;
mod prune;

use std::{path::Path, sync::Arc};

use bytes::Bytes;
use sha2::{Digest, Sha256};
use wasmtime::{Engine, component::Component};

use self::cache::Cache;
pub use self::process::{CompilerProcess, compile_for_parent};
use crate::{LoadError, values::words};

/// Compiles for one engine.
pub(crate) struct Compiler {
    engine: Engine,
    cache: Option<Cache>,
    process: Option<CompilerProcess>,
}

impl Compiler {
    /// Without a usable folder everything is compiled anew each time, which is slow and otherwise harmless.
    pub(crate) fn new(engine: Engine, folder: Option<&Path>, process: Option<CompilerProcess>) -> Self {
        let cache = folder.and_then(|folder| {
            Cache::open(folder, &fingerprint(&engine))
                .inspect_err(|error| tracing::warn!(%error, "the folder for compiled plugins cannot be used"))
                .ok()
        });
        Self { engine, cache, process }
    }

    pub(crate) fn engine(&self) -> &Engine {
        &self.engine
    }

    /// The component, from the cache where it was compiled before. `digest` is its SHA-256 in hex. Takes seconds for a large
    /// one, and blocks no one.
    pub(crate) async fn compile(self: &Arc<Self>, digest: &str, wasm: &Bytes) -> Result<Component, LoadError> {
        if let Some(component) = self.off_thread(digest, Self::kept).await? {
            return Ok(component);
        }
        let compiled = match &self.process {
            Some(process) => process.compile(wasm).await?,
            None => {
                let wasm = wasm.clone();
                let compiled = self.off_thread(digest, move |this, _| process::precompile(&this.engine, &wasm)).await?;
                compiled.map_err(failed)?
            }
        };
        self.off_thread(digest, move |this, digest| {
            if let Some(Err(error)) = this.cache.as_ref().map(|cache| cache.put(digest, &compiled)) {
                tracing::warn!(%error, digest, "a compiled plugin could not be kept");
            }
            this.revive(digest, &cache::Authentic::just_compiled(compiled)).map_err(failed)
        })
        .await?
    }

    /// Runs on a thread that may block.
    async fn off_thread<R: Send + 'static>(
        self: &Arc<Self>,
        digest: &str,
        work: impl FnOnce(&Self, &str) -> R + Send + 'static,
    ) -> Result<R, LoadError> {
        let (this, digest) = (Arc::clone(self), digest.to_owned());
        let done = tokio::task::spawn_blocking(move || work(&this, &digest)).await;
        done.map_err(|error| LoadError::Host(format!("the compiler fell over: {error}")))
    }

    /// What was compiled before, where it is there and fits.
    fn kept(&self, digest: &str) -> Option<Component> {
        let cache = self.cache.as_ref()?;
        let component = self.revive(digest, &cache.get(digest)?);
        let component = component.inspect_err(
            |error| tracing::warn!(%error, digest, "a kept compiled plugin does not fit; compiling it anew"),
        );
        component.ok()
    }

    fn revive(&self, digest: &str, compiled: &cache::Authentic) -> wasmtime::Result<Component> {
        let component = deserialize(&self.engine, compiled)?;
        if let Some(cache) = &self.cache {
            cache.used(digest);
        }
        Ok(component)
    }
}

fn failed(error: wasmtime::Error) -> LoadError {
    LoadError::Compile(words(format_args!("{error:#}")))
}

#[expect(unsafe_code, reason = "the engine trusts what it loads; `Authentic` says why it may")]
fn deserialize(engine: &Engine, compiled: &cache::Authentic) -> wasmtime::Result<Component> {
    // SAFETY: `deserialize` wants bytes that `precompile_component` made, unchanged. `Authentic` is only made of what it just
    // gave, here or in the process that we started for it, and by `Cache::get` from bytes whose HMAC, under a key that only
    // this user can read, was made by `Cache::put` over such.
    unsafe { Component::deserialize(engine, compiled.bytes()) }
}

/// What compiled code depends on besides the component: engine version, settings, processor.
fn fingerprint(engine: &Engine) -> String {
    let mut hasher = Sha256Hasher(Sha256::new());
    std::hash::Hash::hash(&engine.precompile_compatibility_hash(), &mut hasher);
    hex::encode(hasher.0.finalize())
}

/// Lets what is hashable be hashed by something that holds across processes.
struct Sha256Hasher(Sha256);

impl std::hash::Hasher for Sha256Hasher {
    fn write(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    fn finish(&self) -> u64 {
        let digest = self.0.clone().finalize();
        digest.iter().take(8).fold(0, |sum, byte| sum << 8 | u64::from(*byte))
    }
}

#[cfg(test)]
mod tests;
