//! On which platform a program is to run, for the rules that go by it.

use enginehouse_sdk::Task;

use crate::plan;

/// The platform that a task has, or would be given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Platform {
    Local,
    Lambda,
    Emr,
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
            Some("lambda") => Self::Lambda,
            Some("emr") => Self::Emr,
            _ => Self::Open,
        }
    }

    /// What a program may import there beside the standard library, with all that lies under it. `ray` is told by a rule of its own.
    pub(super) fn modules(self) -> &'static [&'static str] {
        match self {
            Self::Local => &["pyspark", "ray"],
            Self::Lambda | Self::Emr | Self::Open => &[
                "pyspark", "ray", "pandas", "numpy", "pyarrow", "dateutil", "pytz", "six", "boto3", "botocore",
                "awsglue",
            ],
        }
    }
}
