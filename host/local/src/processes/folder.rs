//! The folder of one program: all there is to know of it.

use std::{
    fs::{self, File, Permissions},
    io::{self, Write},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    time::Duration,
};

use enginehouse_capabilities::{ObjectUri, ProcessOutput, ProcessState};
use serde::{Deserialize, Serialize};

use super::{Limits, Shim, inputs, sandbox::sandbox_uid, shim};
use crate::engines::{Access, Engine, Installed, Needs};

const RUNNER: &str = include_str!("../../assets/runner.py");
const SETUP: &str = "setup.json";
const PROGRAM: &str = "program.json";

/// A program's folder.
#[derive(Debug, Clone)]
pub(crate) struct Folder(PathBuf);

/// What a sandbox is made of; fixed before it starts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Setup {
    pub(crate) engine: Installed,
    pub(crate) needs: Needs,
    /// Serves objects within the sandbox, where the engine needs that.
    pub(crate) shim: Shim,
    pub(crate) limits: Limits,
    /// The user the program runs as, where we may choose.
    pub(crate) uid: Option<u32>,
    /// Of a sandbox that is started before there is a program for it: bytes of memory that it may use until then.
    pub(crate) ahead: Option<u64>,
}

impl Setup {
    /// Of a sandbox under this name.
    pub(crate) fn new(engine: Installed, needs: Needs, shim: Shim, limits: Limits, name: &str) -> Self {
        Self { engine, needs, shim, limits, uid: sandbox_uid::of(name), ahead: None }
    }

    /// For a program of our own, run while `engine` is installed.
    pub(crate) fn of_rehearsal(engine: &Engine, installed: &Installed) -> Self {
        // Rehearsed are engines that reach objects as files.
        let shim = Shim { program: PathBuf::new(), arguments: Vec::new() };
        Self::new(installed.clone(), engine.needs.clone(), shim, Limits::default(), &installed.lock)
    }

    /// The most processes and threads of its sandbox, the engine's own among them.
    pub(crate) fn max_processes(&self) -> u32 {
        self.limits.processes.saturating_add(self.needs.processes)
    }

    /// Whether a sandbox of this setup is as good as one of the other.
    pub(super) fn fits(&self, other: &Self) -> bool {
        let plain = |setup: &Self| Self { uid: None, ahead: None, ..setup.clone() };
        plain(self) == plain(other)
    }
}

/// What runs in a sandbox.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Task {
    /// SHA-256 of the program, in hex.
    pub(crate) digest: String,
    /// Nanoseconds since the Unix epoch: the order in which programs get their turn.
    pub(crate) queued: u64,
    /// The files of the object store.
    pub(crate) store: PathBuf,
    /// Bucket and key of the output prefix.
    pub(crate) output: (String, String),
    /// Bucket and key of the scratch prefix.
    pub(crate) scratch: (String, String),
    /// From its hand-over to its end.
    pub(crate) timeout: Duration,
}

impl Task {
    pub(crate) fn of_rehearsal(installed: &Installed) -> Self {
        Self {
            digest: installed.lock.clone(),
            queued: 0,
            store: installed.folder.clone(),
            output: ("rehearsal".to_owned(), "output/".to_owned()),
            scratch: ("rehearsal".to_owned(), "scratch/".to_owned()),
            timeout: Limits::default().timeout,
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

    /// Where a prefix or object lies among the store's files.
    pub(crate) fn stored(&self, bucket: &str, key: &str) -> PathBuf {
        self.store.join(bucket).join(key.trim_end_matches('/'))
    }

    /// What the runner is told once it is to run the program: one line.
    pub(crate) fn hand_over(&self) -> io::Result<String> {
        let told = serde_json::json!({
            "output_path": Path::new("/out").join(self.output_path()),
            "output_uri": self.output_uri().map_err(io::Error::other)?.to_string(),
        });
        Ok(format!("{told}\n"))
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
        self.read(SETUP)
    }

    /// `NotFound` where there is no program yet.
    pub(crate) fn task(&self) -> io::Result<Task> {
        self.read(PROGRAM)
    }

    fn read<T: serde::de::DeserializeOwned>(&self, name: &str) -> io::Result<T> {
        Ok(serde_json::from_slice(&fs::read(self.0.join(name))?)?)
    }

    fn write(&self, name: &str, what: &impl Serialize) -> io::Result<()> {
        let mut file = File::create(self.0.join(name))?;
        file.write_all(&serde_json::to_vec(what)?)?;
        file.sync_all()
    }

    pub(crate) fn verdict(&self) -> io::Result<Option<Verdict>> {
        match fs::read(self.0.join("exit.json")) {
            Ok(text) => Ok(Some(serde_json::from_slice(&text)?)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    pub(crate) fn write_verdict(&self, verdict: &Verdict) -> io::Result<()> {
        self.write(".exit.json", verdict)?;
        fs::rename(self.0.join(".exit.json"), self.0.join("exit.json"))
    }

    /// Says that the program has begun.
    pub(super) fn begin(&self) -> io::Result<()> {
        File::create(self.started())?.sync_all()
    }

    /// Lays out a folder without a program, whose token is cancelled before anything was started under it.
    pub(crate) fn lay_stone(&self) -> io::Result<()> {
        create_folder(&self.0, 0o700)?;
        self.write_verdict(&Verdict::cancelled())
    }

    /// Lays out what a sandbox is made of.
    pub(crate) fn lay_out(&self, engine: &Engine, setup: &Setup) -> io::Result<()> {
        create_folder(&self.0, 0o700)?;
        for folder in ["work", "runner", "runner/etc", "in", "out", "log"] {
            create_folder(&self.0.join(folder), 0o755)?;
        }
        let runner = self.runner();
        let settings = serde_json::json!({
            "cores": setup.limits.cores,
            // Half for the heap: the JVM, Python and its workers need the other.
            "heap": (setup.limits.memory >> 21).max(64),
            "java": setup.engine.java,
            "endpoint": match setup.needs.objects {
                Access::Files => None,
                Access::Endpoint => Some(shim::endpoint_command(&setup.shim)),
            },
            "ahead": setup.ahead.is_some(),
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
        std::os::unix::fs::chown(self.work(), setup.uid, setup.uid)?;
        self.write(SETUP, setup)
    }

    /// Puts a program, but not its inputs, into a folder that is laid out.
    pub(crate) fn put(&self, setup: &Setup, task: &Task, prelude: &str, code: &str) -> io::Result<()> {
        write_readable(&self.work().join("prelude.py"), prelude.as_bytes())?;
        write_readable(&self.work().join("program.py"), code.as_bytes())?;
        self.open_output(setup, task)
    }

    /// Puts the program of another folder into this one, which is laid out, with its inputs. The other stays as it is.
    pub(super) fn put_that_of(&self, other: &Self, setup: &Setup) -> io::Result<()> {
        for name in ["prelude.py", "program.py"] {
            fs::copy(other.work().join(name), self.work().join(name))?;
        }
        inputs::place(&other.inputs(), &self.inputs(), &self.inputs(), false)?;
        self.open_output(setup, &other.task()?)
    }

    /// Makes the folder of the results, and the way to it, which only who may be root can change.
    fn open_output(&self, setup: &Setup, task: &Task) -> io::Result<()> {
        let mut below = self.outputs();
        for part in task.output_path().components() {
            below.push(part);
            create_folder(&below, 0o755)?;
        }
        std::os::unix::fs::chown(&below, setup.uid, setup.uid)?;
        self.write(PROGRAM, task)
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
