//! For a plugin's author: the kit as one test.

use std::path::{Path, PathBuf};

use enginehouse_runtime::{PluginConfig, Runtime};

use crate::{Report, check, world::World};

/// Why a plugin could not be tried out.
#[derive(Debug, thiserror::Error)]
pub enum Unfit {
    /// The file is not there, or cannot be read.
    #[error("`{}` cannot be read: {source}; build the plugin for wasm32-wasip2 first", path.display())]
    File {
        /// Which file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// No engine starts here.
    #[error("the plugin could not be tried out: {0}")]
    Host(String),
    /// It does not conform.
    #[error("{}", .0.text())]
    Failed(Box<Report>),
}

/// Tries out the component in a file, under the limits that a host gives by default.
///
/// # Errors
/// [`Unfit`], whose text is the whole report where the plugin does not conform.
pub async fn conforms(path: impl AsRef<Path>) -> Result<Report, Unfit> {
    let path = path.as_ref();
    let wasm = tokio::fs::read(path).await.map_err(|source| Unfit::File { path: path.to_owned(), source })?;
    // The kit loads a component several times: with a cache it is compiled once.
    let cache = tempfile::tempdir().map_err(|error| Unfit::Host(error.to_string()))?;
    let report = check(&runtime(cache.path())?, wasm.into(), PluginConfig::default()).await;
    if report.passed() { Ok(report) } else { Err(Unfit::Failed(Box::new(report))) }
}

/// An engine for [`check`] where there is no host: it offers what the kit makes up. `cache` is a folder for what it compiled.
///
/// # Errors
/// [`Unfit::Host`] where no engine starts on this machine.
pub fn runtime(cache: &Path) -> Result<Runtime, Unfit> {
    let world = World::new().map_err(|error| Unfit::Host(error.to_string()))?;
    Runtime::new(Some(cache), None, world.capabilities()).map_err(|error| Unfit::Host(error.to_string()))
}

/// As [`conforms`], for [`conforms!`](crate::conforms!): an author's test needs no runtime for asynchronous code.
///
/// # Errors
/// As for [`conforms`].
#[doc(hidden)]
pub fn conforms_blocking(path: impl AsRef<Path>) -> Result<Report, Unfit> {
    let threads = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    threads.map_err(|error| Unfit::Host(error.to_string()))?.block_on(conforms(path))
}

/// One test that the component in a file conforms; it fails with the readable report. The path is as the test sees it: from
/// the folder of its package.
#[macro_export]
macro_rules! conforms {
    ($path:expr) => {
        #[test]
        fn the_plugin_conforms() {
            if let ::std::result::Result::Err(unfit) = $crate::conforms_blocking($path) {
                ::std::panic!("{unfit}");
            }
        }
    };
}
