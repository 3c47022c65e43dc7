//! The whole check: one page that names all suites.

use std::time::Duration;

use bytes::Bytes;
use enginehouse_runtime::{LoadError, PluginConfig, Runtime};
use tokio::time::timeout;

use crate::{Identity, Report, Sample, Suite, bench::Bench, book::Book, judge::failed, suites};

/// What a whole check may take. A plugin that conforms needs a few seconds; this bounds one that does not.
const OVERALL: Duration = Duration::from_secs(90);

/// Tries a component out over capabilities that are made up, on the engine of `runtime`, under `config`'s limits and
/// settings. Takes a few seconds for a plugin that conforms and ends after a minute and a half at the latest.
///
/// The component is loaded three times: give the runtime a folder for what it compiled.
pub async fn check(runtime: &Runtime, wasm: Bytes, config: PluginConfig) -> Report {
    check_with(runtime, wasm, config, Sample::default()).await
}

/// As [`check`], with a prompt or code of the author's: for frameworks whose code the kit does not know.
pub async fn check_with(runtime: &Runtime, wasm: Bytes, config: PluginConfig, sample: Sample) -> Report {
    let mut book = Book::until(OVERALL);
    let mut loaded = None;
    let loading = async {
        let bench = timeout(OVERALL, Bench::load(runtime, wasm, config, sample)).await;
        let bench = bench.map_err(|_| failed("the component took too long to load: make it smaller"))?;
        loaded = Some(bench.map_err(|error| failed(unloaded(&error)))?);
        Ok(())
    };
    book.check(Suite::Contract, "the component loads", loading).await;
    let Some(mut bench) = loaded else { return Report { plugin: None, checks: book.checks } };
    suites::contract(&mut book, &mut bench).await;
    suites::statelessness(&mut book, &bench).await;
    suites::capabilities(&mut book, &bench).await;
    suites::limits(&mut book, &bench).await;
    let description = bench.plugin.describe();
    let plugin = Some(Identity {
        framework: description.framework.clone(),
        version: description.version.clone(),
        digest: bench.plugin.digest().to_owned(),
    });
    Report { plugin, checks: book.checks }
}

fn unloaded(error: &LoadError) -> String {
    let mend = match error {
        LoadError::Describe(_) => "`describe` is called at load, without capabilities: let it answer a constant",
        LoadError::Host(_) => "this is the host's fault and says nothing of the plugin; try again",
        LoadError::UnknownSetting { .. } => "the operator's settings have to be those that `describe` lists",
        _ => "the host takes in no such file",
    };
    format!("{error}; {mend}")
}

/// A host makes a check on a task of its own.
const _: () = {
    fn _can_be_spawned(runtime: &Runtime, wasm: Bytes) -> impl Future<Output = Report> + Send {
        check(runtime, wasm, PluginConfig::default())
    }
};
