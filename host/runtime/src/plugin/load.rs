//! From bytes to a plugin.

use std::sync::Arc;

use bytes::Bytes;
use enginehouse_capabilities::CallContext;
use sha2::{Digest as _, Sha256};
use tokio::{sync::Semaphore, task::spawn_blocking};

use crate::{
    Description, Error, Limits, LoadError, Plugin, PluginConfig, Runtime, Stage, call::Callee, engine::MAX_MEMORY,
    exports::Exports, inspect, reports::Reports, values,
};

impl Runtime {
    /// Takes a component in: looks at the bytes, compiles them or finds them compiled, checks imports and exports, and
    /// has the plugin describe itself. Compiling takes seconds for a large one; it blocks no one.
    ///
    /// # Errors
    /// [`LoadError`], which says what the author or the operator can do.
    pub async fn load(&self, wasm: Bytes, config: PluginConfig) -> Result<Plugin, LoadError> {
        check_limits(&config.limits)?;
        inspect::bytes(&wasm)?;
        let runtime = self.clone();
        let (digest, exports) = spawn_blocking(move || runtime.prepare(&wasm))
            .await
            .map_err(|error| LoadError::Host(format!("the compiler fell over: {error}")))??;
        let callee = Callee {
            runtime: self.clone(),
            exports,
            places: Semaphore::new(config.limits.concurrent_calls),
            limits: config.limits,
            settings: Arc::new(config.settings),
        };
        let description = describe(&callee, &digest).await.map_err(|error| LoadError::Describe(Box::new(error)))?;
        check_settings(&callee, &description)?;
        let judge =
            serde_json::to_vec(&(&digest, &*callee.settings)).map_err(|error| LoadError::Host(error.to_string()))?;
        Ok(Plugin { digest, description, judge, reports: Reports::new(), callee })
    }

    /// Everything that may take long or block.
    fn prepare(&self, wasm: &[u8]) -> Result<(String, Exports), LoadError> {
        let parts = self.parts();
        let digest = hex::encode(Sha256::digest(wasm));
        let component = parts.compiler.compile(&digest, wasm)?;
        inspect::component(parts.compiler.engine(), &component)?;
        let mismatch = |error: wasmtime::Error| LoadError::Mismatch(format!("{error:#}"));
        let instance = parts.linker.instantiate_pre(&component).map_err(mismatch)?;
        Ok((digest, Exports::of(instance).map_err(mismatch)?))
    }
}

async fn describe(callee: &Callee, digest: &str) -> Result<Description, Error> {
    let cx = CallContext { framework: String::new(), digest: digest.to_owned(), run: None, attempt: None };
    callee.check(cx.clone()).await?;
    let description = callee.call(Stage::Describe, cx, ()).await?;
    values::description(&description).map_err(Error::Invalid)?;
    Ok(description)
}

fn check_limits(limits: &Limits) -> Result<(), LoadError> {
    if limits.memory > MAX_MEMORY {
        return Err(LoadError::Limit("memory", "at most 1 GiB"));
    }
    if !(1..=Semaphore::MAX_PERMITS).contains(&limits.concurrent_calls) {
        return Err(LoadError::Limit("concurrent-calls", "at least 1"));
    }
    Ok(())
}

fn check_settings(callee: &Callee, description: &Description) -> Result<(), LoadError> {
    let known = || description.settings.iter().map(|setting| &setting.name);
    match callee.settings.keys().find(|name| !known().any(|known| known == *name)) {
        Some(name) => Err(LoadError::UnknownSetting { name: name.clone(), known: known().cloned().collect() }),
        None => Ok(()),
    }
}
