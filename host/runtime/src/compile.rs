//! Compiles components, and keeps what it compiled.

mod cache;
mod prune;

use std::path::Path;

use sha2::{Digest, Sha256};
use wasmtime::{Engine, component::Component};

use self::cache::Cache;
use crate::LoadError;

/// Compiles for one engine. Use it on a thread that may block: a large component takes seconds.
pub(crate) struct Compiler {
    engine: Engine,
    cache: Option<Cache>,
}

impl Compiler {
    /// Without a usable folder everything is compiled anew each time, which is slow and otherwise harmless.
    pub(crate) fn new(engine: Engine, folder: Option<&Path>) -> Self {
        let cache = folder.and_then(|folder| {
            Cache::open(folder, &fingerprint(&engine))
                .inspect_err(|error| tracing::warn!(%error, "the folder for compiled plugins cannot be used"))
                .ok()
        });
        Self { engine, cache }
    }

    pub(crate) fn engine(&self) -> &Engine {
        &self.engine
    }

    /// The component, from the cache where it was compiled before. `digest` is its SHA-256 in hex.
    pub(crate) fn compile(&self, digest: &str, wasm: &[u8]) -> Result<Component, LoadError> {
        let failed = |error: wasmtime::Error| LoadError::Compile(format!("{error:#}"));
        let Some(cache) = &self.cache else {
            return Component::from_binary(&self.engine, wasm).map_err(failed);
        };
        if let Some(component) = cache.get(digest).and_then(|compiled| self.revive(digest, &compiled)) {
            cache.used(digest);
            return Ok(component);
        }
        let component = Component::from_binary(&self.engine, wasm).map_err(failed)?;
        let kept = component
            .serialize()
            .map_err(|error| format!("{error:#}"))
            .and_then(|compiled| cache.put(digest, &compiled).map_err(|error| error.to_string()));
        match kept {
            Ok(()) => cache.used(digest),
            Err(error) => tracing::warn!(error, digest, "a compiled plugin could not be kept"),
        }
        Ok(component)
    }

    fn revive(&self, digest: &str, compiled: &cache::Authentic) -> Option<Component> {
        deserialize(&self.engine, compiled)
            .inspect_err(
                |error| tracing::warn!(%error, digest, "a kept compiled plugin does not fit; compiling it anew"),
            )
            .ok()
    }
}

#[expect(unsafe_code, reason = "the engine trusts what it loads; `Authentic` says why it may")]
fn deserialize(engine: &Engine, compiled: &cache::Authentic) -> wasmtime::Result<Component> {
    // SAFETY: `deserialize` wants bytes that `serialize` made, unchanged. `Authentic` is only made by `Cache::get` from
    // bytes whose HMAC, under a key that only this user can read, was made by `Cache::put` over what `serialize` gave.
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
