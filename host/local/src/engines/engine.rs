//! What an engine is made of.

use std::{borrow::Cow, time::Duration};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// An engine, as data: what to install and how a program is started on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Engine {
    /// What programs name it by: `spark`.
    pub name: Cow<'static, str>,
    /// A pip requirements file with pinned versions, all of them, and the hashes of their files; empty for none.
    pub requirements: Cow<'static, str>,
    /// The engine's half of the runner, a Python module with `start(settings)`, `warm_up()`, `begin(run)`, `stop()` and
    /// `describe(error)`.
    pub hooks: Cow<'static, str>,
    /// Files laid beside the runner, by name.
    pub files: Vec<(Cow<'static, str>, Cow<'static, str>)>,
    /// What an engine on the JVM needs; none for an engine without one.
    pub jvm: Option<Jvm>,
    /// What its sandbox has beyond every other.
    pub needs: Needs,
    /// The sandboxes that are started ahead, unless the operator says otherwise.
    pub pool: Pool,
}

/// The sandboxes of an engine that are started ahead, from its first use on: in each the engine waits, warm, for one program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pool {
    /// How many; 0 for none.
    pub size: usize,
    /// One that has waited for this long is ended; the next use starts another.
    pub idle: Duration,
    /// Bytes of memory that each may use while it waits; more ends it. Never more than a program may.
    pub memory: u64,
}

impl Pool {
    /// None.
    pub const NONE: Self = Self { size: 0, idle: Duration::ZERO, memory: 0 };

    /// One, for ten minutes.
    const fn of_one(memory: u64) -> Self {
        Self { size: 1, idle: Duration::from_mins(10), memory }
    }
}

/// What the sandbox of an engine has beyond every other.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Needs {
    /// Bytes of shared memory.
    pub shared_memory: u64,
    /// Processes and threads that the engine itself starts: what a program may start comes on top.
    pub processes: u32,
    /// How programs reach objects.
    pub objects: Access,
}

/// How programs reach objects.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Access {
    /// As files, by the mounts.
    Files,
    /// By an S3 endpoint over these files, within the sandbox. The runner starts it.
    Endpoint,
}

impl Default for Needs {
    /// Files, and no more than every process finds on a Linux machine.
    fn default() -> Self {
        Self { shared_memory: 64 << 20, processes: 0, objects: Access::Files }
    }
}

/// What an engine on the JVM needs beyond its packages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Jvm {
    /// The Java source of the Hadoop file system that maps `s3://` onto the sandbox's mounts.
    pub file_system: Cow<'static, str>,
}

impl Engine {
    /// Apache Spark with Python, one driver a program.
    pub fn spark() -> Self {
        Self {
            name: "spark".into(),
            requirements: include_str!("../../assets/spark/requirements.txt").into(),
            hooks: include_str!("../../assets/spark/engine.py").into(),
            files: vec![("log4j2.properties".into(), include_str!("../../assets/spark/log4j2.properties").into())],
            jvm: Some(Jvm { file_system: include_str!("../../assets/spark/RunFileSystem.java").into() }),
            needs: Needs::default(),
            // It takes 500 MiB.
            pool: Pool::of_one(1 << 30),
        }
    }

    /// Ray, with a cluster of its own for each program.
    pub fn ray() -> Self {
        Self {
            name: "ray".into(),
            requirements: include_str!("../../assets/ray/requirements.txt").into(),
            hooks: include_str!("../../assets/ray/engine.py").into(),
            files: vec![
                ("enginehouse_streams.py".into(), include_str!("../../assets/ray/enginehouse_streams.py").into()),
                ("data-logging.yaml".into(), include_str!("../../assets/ray/data-logging.yaml").into()),
            ],
            jvm: None,
            // An idle cluster has some 240 threads, and each further worker 22.
            needs: Needs { shared_memory: 512 << 20, processes: 256, objects: Access::Endpoint },
            // It takes 1.3 GiB.
            pool: Pool::of_one(2 << 30),
        }
    }

    /// Plain Python and its standard library, with files instead of `s3://`.
    pub fn python() -> Self {
        Self {
            name: "python".into(),
            requirements: "".into(),
            hooks: include_str!("../../assets/python/engine.py").into(),
            files: Vec::new(),
            jvm: None,
            needs: Needs::default(),
            // It starts in no time.
            pool: Pool::NONE,
        }
    }

    /// SHA-256, in hex, of what is installed. The runner is not part of it: programs bring their own.
    pub fn lock(&self) -> String {
        let mut hash = Sha256::new();
        hash.update(self.requirements.as_bytes());
        if let Some(jvm) = &self.jvm {
            hash.update([0]);
            hash.update(jvm.file_system.as_bytes());
        }
        hex::encode(hash.finalize())
    }

    /// The name of its folder: the engine and the first 16 digits of its lock.
    pub(crate) fn folder(&self) -> String {
        let lock = self.lock();
        format!("{}-{}", self.name, lock.get(..16).unwrap_or(&lock))
    }
}
