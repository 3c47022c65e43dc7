//! The folder of one program: all there is to know of it.

use std::{
    fs::{self, File, Permissions},
    io::{self, Write},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use enginehouse_capabilities::{ObjectUri, ProcessOutput, ProcessState};
use serde::{Deserialize, Serialize};

use super::{Limits, Shim, sandbox::sandbox_uid, shim};
use crate::engines::{Access, Engine, Installed, Needs};

const RUNNER: &str = include_str!("../../assets/runner.py");

/// A program's folder.
#[derive(Debug, Clone)]
pub(crate) struct Folder(PathBuf);

/// What a program is started with; fixed when its folder is made.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Setup {
    /// SHA-256 of the program, in hex.
    pub(crate) digest: String,
    /// Nanoseconds since the Unix epoch: the order in which programs get their turn.
    pub(crate) queued: u64,
    pub(crate) engine: Installed,
    pub(crate) needs: Needs,
    /// Serves objects within the sandbox, where the engine needs that.
    pub(crate) shim: Shim,
    /// The files of the object store.
    pub(crate) store: PathBuf,
    /// Bucket and key of the output prefix.
    pub(crate) output: (String, String),
    /// Bucket and key of the scratch prefix.
    pub(crate) scratch: (String, String),
    pub(crate) limits: Limits,
    /// The user the program runs as, where we may choose.
    pub(crate) uid: Option<u32>,
}

impl Setup {
    /// For a program of our own, run while `engine` is installed.
    pub(crate) fn of_rehearsal(engine: &Engine, installed: &Installed) -> Self {
        Self {
            digest: installed.lock.clone(),
            queued: 0,
            engine: installed.clone(),
            needs: engine.needs.clone(),
            // Rehearsed are engines that reach objects as files.
            shim: Shim { program: PathBuf::new(), arguments: Vec::new() },
            store: installed.folder.clone(),
            output: ("rehearsal".to_owned(), "output/".to_owned()),
            scratch: ("rehearsal".to_owned(), "scratch/".to_owned()),
            limits: Limits::default(),
            uid: sandbox_uid::of(&installed.lock),
        }
    }

    /// Where the program writes its results, below the folder of all outputs.
    pub(crate) fn output_path(&self) -> PathBuf {
        Path::new(&self.output.0).join(self.output.1.trim_end_matches('/'))
    }

    /// The output prefix, ending in `/`.
    pub(crate) fn output_uri(&self) -> enginehouse_capabilities::Result<ObjectUri> {
        ObjectUri::new(&self.output.0, &self.output.1)
    }

    /// The most processes and threads of its sandbox, the engine's own among them.
    pub(crate) fn max_processes(&self) -> u32 {
        self.limits.processes.saturating_add(self.needs.processes)
    }

    /// Where a prefix or object lies among the store's files.
    pub(crate) fn stored(&self, bucket: &str, key: &str) -> PathBuf {
        self.store.join(bucket).join(key.trim_end_matches('/'))
    }
}

/// How a program ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Verdict {
    pub(crate) end: End,
    /// What is to be kept of it is in the store.
    pub(crate) collected: bool,
}

impl Verdict {
    /// Of a program that never began.
    pub(crate) fn cancelled() -> Self {
        Self { end: End::Stopped("cancelled".to_owned()), collected: true }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum End {
    Exited(i32),
    Stopped(String),
    Lost,
}

impl From<End> for ProcessState {
    fn from(end: End) -> Self {
        match end {
            End::Exited(status) => Self::Exited(status),
            End::Stopped(limit) => Self::Stopped(limit),
            End::Lost => Self::Lost,
        }
    }
}

impl Folder {
    pub(crate) fn new(path: impl Into<PathBuf>) -> Self {
        Self(path.into())
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    /// The program's own files, writable for it; `/work` in the sandbox.
    pub(crate) fn work(&self) -> PathBuf {
        self.0.join("work")
    }

    /// What starts the program; `/opt/runner` in the sandbox.
    pub(crate) fn runner(&self) -> PathBuf {
        self.0.join("runner")
    }

    /// What it may read; `/in` in the sandbox.
    pub(crate) fn inputs(&self) -> PathBuf {
        self.0.join("in")
    }

    /// What it writes; `/out` in the sandbox.
    pub(crate) fn outputs(&self) -> PathBuf {
        self.0.join("out")
    }

    pub(crate) fn log(&self, output: ProcessOutput) -> PathBuf {
        self.0.join(match output {
            ProcessOutput::Stdout => "log/stdout",
            ProcessOutput::Stderr => "log/stderr",
        })
    }

    /// Exists once a shim took over.
    pub(crate) fn started(&self) -> PathBuf {
        self.0.join("started")
    }

    /// Exists once the program is to end.
    pub(crate) fn cancel(&self) -> PathBuf {
        self.0.join("cancel")
    }

    /// Held exclusively for as long as a shim lives.
    pub(crate) fn lock(&self) -> io::Result<File> {
        File::options().read(true).write(true).create(true).truncate(false).open(self.0.join("lock"))
    }

    pub(crate) fn setup(&self) -> io::Result<Setup> {
        Ok(serde_json::from_slice(&fs::read(self.0.join("program.json"))?)?)
    }

    pub(crate) fn verdict(&self) -> io::Result<Option<Verdict>> {
        match fs::read(self.0.join("exit.json")) {
            Ok(text) => Ok(Some(serde_json::from_slice(&text)?)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    pub(crate) fn write_verdict(&self, verdict: &Verdict) -> io::Result<()> {
        let making = self.0.join(".exit.json");
        let mut file = File::create(&making)?;
        file.write_all(&serde_json::to_vec(verdict)?)?;
        file.sync_all()?;
        fs::rename(making, self.0.join("exit.json"))
    }

    /// Lays out a folder without a program, whose token is cancelled before anything was started under it.
    pub(crate) fn lay_stone(&self) -> io::Result<()> {
        create_folder(&self.0, 0o700)?;
        self.write_verdict(&Verdict::cancelled())
    }

    /// Lays out everything but the inputs.
    pub(crate) fn fill(&self, engine: &Engine, setup: &Setup, prelude: &str, code: &str) -> io::Result<()> {
        create_folder(&self.0, 0o700)?;
        for folder in ["work", "runner", "runner/etc", "in", "out", "log"] {
            create_folder(&self.0.join(folder), 0o755)?;
        }
        let runner = self.runner();
        let output = Path::new("/out").join(setup.output_path());
        let settings = serde_json::json!({
            "output": output,
            "cores": setup.limits.cores,
            // Half for the heap: the JVM, Python and its workers need the other.
            "heap": (setup.limits.memory >> 21).max(64),
            "java": setup.engine.java,
            "endpoint": match setup.needs.objects {
                Access::Files => None,
                Access::Endpoint => Some(shim::endpoint_command(&setup.shim, &setup.output_uri().map_err(io::Error::other)?)),
            },
        });
        let id = setup.uid.unwrap_or(sandbox_uid::INSIDE);
        let own = [
            ("run.py", RUNNER.to_owned()),
            ("engine.py", engine.hooks.to_string()),
            ("settings.json", settings.to_string()),
            ("etc/passwd", format!("sandbox:x:{id}:{id}::/work:/bin/sh\n")),
            ("etc/group", format!("sandbox:x:{id}:\n")),
            ("etc/hosts", "127.0.0.1 localhost sandbox\n".to_owned()),
            ("etc/nsswitch.conf", "passwd: files\ngroup: files\nhosts: files\n".to_owned()),
        ];
        for (name, text) in own {
            write_readable(&runner.join(name), text.as_bytes())?;
        }
        for (name, text) in &engine.files {
            write_readable(&runner.join(name.as_ref()), text.as_bytes())?;
        }
        write_readable(&self.work().join("prelude.py"), prelude.as_bytes())?;
        write_readable(&self.work().join("program.py"), code.as_bytes())?;
        let mut below = self.outputs();
        for part in setup.output_path().components() {
            below.push(part);
            create_folder(&below, 0o755)?;
        }
        for own in [self.work(), below] {
            std::os::unix::fs::chown(&own, setup.uid, setup.uid)?;
        }
        let mut file = File::create(self.0.join("program.json"))?;
        file.write_all(&serde_json::to_vec(setup)?)?;
        file.sync_all()
    }
}

/// Makes a folder with exactly this mode, whatever the mask of our process says.
pub(super) fn create_folder(path: &Path, mode: u32) -> io::Result<()> {
    match fs::create_dir(path) {
        Ok(()) => fs::set_permissions(path, Permissions::from_mode(mode)),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && path.is_dir() => Ok(()),
        Err(error) => Err(error),
    }
}

fn write_readable(path: &Path, text: &[u8]) -> io::Result<()> {
    fs::write(path, text)?;
    fs::set_permissions(path, Permissions::from_mode(0o644))
}
