//! What the operator sets.

use std::{collections::BTreeMap, ffi::OsString, num::NonZeroUsize, path::PathBuf, time::Duration};

use serde::{Deserialize, Serialize};

use crate::engines::{EnginesRoot, Pool};

/// Where programs live and what they may use.
#[derive(Debug, Clone)]
pub struct ProcessesConfig {
    /// Where programs have their folders; made where it is missing, for us alone to read.
    pub folder: PathBuf,
    /// The files of the embedded object store, `<bucket>/<key>`. On the same file system as `folder`, inputs are linked
    /// and results renamed; else both are copied.
    pub store: PathBuf,
    /// The installed engines.
    pub engines: EnginesRoot,
    /// How to start a shim.
    pub shim: Shim,
    /// What one program may use.
    pub limits: Limits,
    /// How many programs run at once; the others wait.
    ///
    /// A sandbox that was started ahead counts as a program until a program needs its place.
    pub max_running: NonZeroUsize,
    /// The sandboxes that are started ahead, by engine.
    pub pools: BTreeMap<String, Pool>,
}

impl ProcessesConfig {
    /// The default limits, as many programs at once as half the machine's cores, and the pools that the engines come with.
    pub fn new(folder: impl Into<PathBuf>, store: impl Into<PathBuf>, engines: EnginesRoot, shim: Shim) -> Self {
        let cores = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
        let pools = engines.engines().iter().map(|engine| (engine.name.to_string(), engine.pool)).collect();
        Self {
            folder: folder.into(),
            store: store.into(),
            engines,
            pools,
            shim,
            limits: Limits::default(),
            max_running: NonZeroUsize::new(cores / 2).unwrap_or(NonZeroUsize::MIN),
        }
    }
}

/// A command that hands what follows these arguments to [`super::shim::run`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shim {
    /// The executable.
    pub program: PathBuf,
    /// What comes before the shim's own arguments.
    pub arguments: Vec<OsString>,
}

/// What one program may use. Beyond a limit its sandbox is ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// Bytes of memory of all its processes together; 2 GiB. Looked at five times a second.
    pub memory: u64,
    /// Bytes on disk, results and temporary files together; 4 GiB. Looked at once a second.
    pub disk: u64,
    /// Processes and threads together, beyond those that the engine itself starts; 512.
    pub processes: u32,
    /// Processor cores that the engine counts on; 2.
    pub cores: u32,
    /// From start to end, whatever the program asks for; one hour.
    pub timeout: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self { memory: 2 << 30, disk: 4 << 30, processes: 512, cores: 2, timeout: Duration::from_secs(3600) }
    }
}
