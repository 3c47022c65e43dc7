//! On which platform a program is to run, for the rules that go by it.

use enginehouse_sdk::Task;

use crate::plan;

/// The Ray of the platform `local`, and the one that names are held against.
pub(crate) const VERSION: &str = "Ray 2.60";

/// The platform that a task has, or would be given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Platform {
    Local,
    Cluster,
    /// It cannot be told.
    Open,
}

impl Platform {
    pub(crate) fn of(task: &Task) -> Self {
        let planned = match task.platform.as_deref() {
            None | Some("auto") => plan::plan(task).ok().map(|choice| choice.platform),
            Some(named) => Some(named.to_owned()),
        };
        match planned.as_deref() {
            Some("local") => Self::Local,
            Some("cluster") => Self::Cluster,
            _ => Self::Open,
        }
    }
}

/// What a program may import beside the standard library, with all that lies under it, on this machine and on any cluster. Async
/// actors need `asyncio`; pandas brings `dateutil` and `six`. Spark is told by a rule of its own.
pub(super) const MODULES: &[&str] =
    &["ray", "pyarrow", "pandas", "numpy", "dateutil", "six", "asyncio", "pyspark", "raydp"];
