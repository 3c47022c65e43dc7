//! From bytes to a plugin.

use std::{
    collections::BTreeSet,
    sync::{Arc, atomic::AtomicUsize},
};

use bytes::Bytes;
use enginehouse_capabilities::{CallContext, Grants, Interface};
use sha2::{Digest as _, Sha256};
use tokio::sync::Semaphore;
use wasmtime::component::Component;

use crate::{
    Description, Error, Limits, LoadError, Plugin, PluginConfig, Runtime, Stage,
    call::Callee,
    engine::MAX_MEMORY,
    exports::Exports,
    host::{self, Own},
    inspect,
    reports::Reports,
    tally::Tally,
    values,
};

impl Runtime {
    /// Takes a component in: looks at the bytes, compiles them or finds them compiled, checks imports and exports, and
    /// has the plugin describe itself. Compiling takes seconds for a large one; it blocks no one.
    ///
    /// # Errors
    /// [`LoadError`], which says what the author or the operator can do.
    pub async fn load(&self, wasm: Bytes, config: PluginConfig) -> Result<Plugin, LoadError> {
        check_limits(&config.limits)?;
        let lenient = config.lenient;
        inspect::bytes(&wasm)?;
        let hashed = wasm.clone();
        // Tens of milliseconds for a large one, which a thread of calls does not have.
        let digest = tokio::task::spawn_blocking(move || hex::encode(Sha256::digest(&hashed))).await;
        let digest = digest.map_err(|error| LoadError::Host(format!("the component cannot be hashed: {error}")))?;
        let component = self.parts().compiler.compile(&digest, &wasm).await?;
        let (imports, exports) = self.link(&component, &config.grants)?;
        let callee = Callee {
            runtime: self.clone(),
            exports,
            places: Semaphore::new(config.limits.concurrent_calls),
            waiting: AtomicUsize::new(0),
            tally: Tally::default(),
            limits: config.limits,
            own: Arc::new(Own::new(config.settings, config.places, config.grants)),
        };
        let description = describe(&callee, &digest).await.map_err(|error| LoadError::Describe(Box::new(error)))?;
        if let Err(error) = check_settings(&callee, &description) {
            if !lenient {
                return Err(error);
            }
            tracing::warn!(%error, framework = description.framework, "a plugin of another version is given no such setting");
        }
        let judge =
            serde_json::to_vec(&(&digest, &callee.own.settings)).map_err(|error| LoadError::Host(error.to_string()))?;
        let reports = Reports::new(callee.limits.kept_reports);
        Ok(Plugin { digest, description, imports, judge, reports, callee })
    }

    /// The interfaces that a component asks for, all of them granted, and its exports.
    fn link(&self, component: &Component, grants: &Grants) -> Result<(BTreeSet<Interface>, Exports), LoadError> {
        let engine = self.parts().compiler.engine();
        let imports = inspect::component(engine, component)?;
        let missing: Vec<_> = imports.difference(&grants.interfaces).copied().collect();
        if !missing.is_empty() {
            return Err(LoadError::NotGranted(missing));
        }
        let linker = host::linker(engine, grants)
            .map_err(|error| LoadError::Host(format!("the host functions do not link: {error:#}")))?;
        let mismatch = |error: wasmtime::Error| LoadError::Mismatch(values::words(format_args!("{error:#}")));
        let instance = linker.instantiate_pre(component).map_err(mismatch)?;
        Ok((imports, Exports::of(instance).map_err(mismatch)?))
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
    match callee.own.settings.keys().find(|name| !known().any(|known| known == *name)) {
        Some(name) => Err(LoadError::UnknownSetting { name: name.clone(), known: known().cloned().collect() }),
        None => Ok(()),
    }
}
