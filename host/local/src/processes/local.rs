//! The capability [`Processes`] on this machine.

use std::{
    fmt, fs, io,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{SystemTime, UNIX_EPOCH},
};

use async_trait::async_trait;
use enginehouse_capabilities::{
    CallContext, Error, LogChunk, ProcessOutput, ProcessState, Processes, Program, Result, Token,
};
use sha2::{Digest, Sha256};

use super::{
    ProcessesConfig,
    collect::remove_tree,
    folder::{Folder, Setup, Task, Verdict},
    inputs, logs,
    queue::{Queue, is_held},
    shim,
};
use crate::engines::{self, Installed, bubblewrap_mend, bubblewrap_works};

/// The most bytes of a prelude, and of a program's code.
const MAX_CODE: usize = 1 << 20;

/// Programs on this machine, each in a sandbox of its own. Cheap to clone.
#[derive(Debug, Clone)]
pub struct LocalProcesses(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    config: ProcessesConfig,
    queue: Queue,
    /// A sandbox was seen to start here; that does not change while we run.
    sandbox_works: AtomicBool,
}

impl LocalProcesses {
    /// Takes up the programs that an earlier host left in the folder, running or waiting.
    ///
    /// # Errors
    /// [`Error::Other`] where the folder cannot be made or read.
    pub async fn open(config: ProcessesConfig) -> Result<Self> {
        blocking(move || {
            let failed = |error| Error::other(format!("cannot use the folder `{}`", config.folder.display()), error);
            fs::create_dir_all(&config.folder).map_err(failed)?;
            let private = <fs::Permissions as std::os::unix::fs::PermissionsExt>::from_mode(0o700);
            fs::set_permissions(&config.folder, private).map_err(failed)?;
            let queue = Queue::open(&config).map_err(failed)?;
            Ok(Self(Arc::new(Inner { config, queue, sandbox_works: AtomicBool::new(false) })))
        })
        .await
    }

    async fn with_folder<T: Send + 'static>(
        &self,
        token: &Token,
        work: impl FnOnce(&Inner, &Folder) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let (inner, folder) = (Arc::clone(&self.0), self.0.folder(token));
        blocking(move || work(&inner, &folder)).await
    }
}

#[async_trait]
impl Processes for LocalProcesses {
    async fn start(&self, cx: &CallContext, program: Program) -> Result<()> {
        let attempt = cx.attempt.clone();
        let attempt = attempt.ok_or_else(|| Error::Invalid("a program is started by an attempt of a run".into()))?;
        let token = attempt.own_token(program.token.as_str())?;
        if program.prelude.len() > MAX_CODE || program.code.len() > MAX_CODE {
            return Err(Error::Invalid("a prelude and a program's code have at most 1 MiB each".into()));
        }
        self.with_folder(&token, move |inner, folder| {
            let digest = digest(&program);
            if is_taken(folder, &digest)? {
                return Ok(());
            }
            let engine = inner.ready(&program.engine)?;
            let config = &inner.config;
            let needs = config.engines.engine(&program.engine).map_err(unconfigured)?.needs.clone();
            let token = program.token.as_str();
            let setup = Setup::new(engine, needs, config.shim.clone(), config.limits.clone(), token);
            let parts = |uri: &enginehouse_capabilities::ObjectUri| (uri.bucket().to_owned(), uri.key().to_owned());
            let task = Task {
                digest: digest.clone(),
                queued: now(),
                store: config.store.clone(),
                output: parts(&attempt.output.as_prefix()),
                scratch: parts(&attempt.scratch.as_prefix()),
                timeout: config.limits.timeout.min(program.timeout).min(attempt.timeout),
            };
            if inner.place(folder, |making| inner.make(making, &setup, &task, &program, &attempt.inputs))? {
                inner.queue.push(folder);
                return Ok(());
            }
            // Started twice, or cancelled, at the same moment.
            is_taken(folder, &digest).map(drop)
        })
        .await
    }

    async fn check(&self, token: &Token) -> Result<ProcessState> {
        self.with_folder(token, |_, folder| state(folder)).await
    }

    async fn log(&self, token: &Token, output: ProcessOutput, after: u64) -> Result<LogChunk> {
        self.with_folder(token, move |_, folder| {
            // Asked first: what was printed before the end is then there to be read.
            let ended = state(folder)?.is_final();
            logs::read(&folder.log(output), after, ended).map_err(failed(folder))
        })
        .await
    }

    async fn cancel(&self, token: &Token) -> Result<()> {
        self.with_folder(token, |inner, folder| {
            if !folder.path().exists() && inner.place(folder, |making| making.lay_stone().map_err(failed(making)))? {
                return Ok(());
            }
            if folder.verdict().map_err(failed(folder))?.is_some() {
                return Ok(());
            }
            // Its folder may change places with that of a sandbox at this very moment.
            while !folder.cancel().exists() {
                fs::File::create(folder.cancel()).map_err(failed(folder))?;
            }
            let lock = folder.lock().map_err(failed(folder))?;
            if lock.try_lock().is_ok() && !folder.started().exists() {
                folder.write_verdict(&Verdict::cancelled()).map_err(failed(folder))?;
            }
            Ok(())
        })
        .await
    }

    async fn remove(&self, token: &Token) -> Result<()> {
        self.with_folder(token, |inner, folder| {
            if !folder.path().exists() {
                return Ok(());
            }
            if !state(folder)?.is_final() {
                return Err(Error::Conflict("the program has not ended: cancel it first".into()));
            }
            let removing = inner.config.folder.join(format!(".removed-{:x}", rand::random::<u64>()));
            fs::rename(folder.path(), &removing).map_err(failed(folder))?;
            remove_tree(&removing).map_err(failed(folder))
        })
        .await
    }

    async fn probe(&self, engine: &str) -> Result<String> {
        let (inner, engine) = (Arc::clone(&self.0), engine.to_owned());
        blocking(move || {
            let ready = inner.ready(&engine)?;
            let limits = &inner.config.limits;
            let ahead = inner.queue.pool_state(&engine).map(|state| format!("; {state}")).unwrap_or_default();
            Ok(format!(
                "{}; at most {} MiB of memory, {} MiB of disk and {} s a program, {} at once{ahead}",
                ready.version,
                limits.memory >> 20,
                limits.disk >> 20,
                limits.timeout.as_secs(),
                inner.config.max_running
            ))
        })
        .await
    }
}

impl fmt::Display for LocalProcesses {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "sandboxes on this machine ({})", self.0.config.folder.display())
    }
}

impl Inner {
    fn folder(&self, token: &Token) -> Folder {
        Folder::new(self.config.folder.join(token.as_str()))
    }

    /// An engine that could run a program now.
    fn ready(&self, engine: &str) -> Result<Installed> {
        let ready = self.config.engines.installed(engine).map_err(unconfigured)?;
        if !self.sandbox_works.load(Ordering::Relaxed) {
            bubblewrap_works().map_err(|missing| {
                let mend = bubblewrap_mend().unwrap_or_else(|| "enginehouse doctor".to_owned());
                Error::Unconfigured(format!("{missing}: run `{mend}`"))
            })?;
            self.sandbox_works.store(true, Ordering::Relaxed);
        }
        Ok(ready)
    }

    /// Makes a folder aside and puts it in its place, whole; `false` where one is there already.
    fn place(&self, folder: &Folder, make: impl FnOnce(&Folder) -> Result<()>) -> Result<bool> {
        let making = Folder::new(self.config.folder.join(format!(".making-{:x}", rand::random::<u64>())));
        let placed = make(&making).and_then(|()| match fs::rename(making.path(), folder.path()) {
            Ok(()) => Ok(true),
            // No folder here is empty, so that none gives way to another.
            Err(_) if folder.path().exists() => Ok(false),
            Err(error) => Err(failed(folder)(error)),
        });
        if !matches!(placed, Ok(true)) {
            let _ = remove_tree(making.path());
        }
        placed
    }

    fn make(
        &self,
        folder: &Folder,
        setup: &Setup,
        task: &Task,
        program: &Program,
        uris: &[enginehouse_capabilities::ObjectUri],
    ) -> Result<()> {
        let engine = self.config.engines.engine(&program.engine).map_err(unconfigured)?;
        let laid_out = folder.lay_out(engine, setup);
        laid_out.and_then(|()| folder.put(setup, task, &program.prelude, &program.code)).map_err(failed(folder))?;
        inputs::link(&self.config.store, &folder.inputs(), uris, setup.uid.is_some())
    }
}

/// How far a program is; puts to its end what a shim could not.
fn state(folder: &Folder) -> Result<ProcessState> {
    if !folder.path().exists() {
        return Err(Error::NotFound("nothing was started under this token".into()));
    }
    let verdict = || folder.verdict().map_err(failed(folder));
    if let Some(Verdict { end, collected: true }) = verdict()? {
        return Ok(end.into());
    }
    // Asked before the lock: whoever looks at that keeps it from a shim for a moment.
    if !folder.started().exists() && verdict()?.is_none() {
        return Ok(ProcessState::Queued);
    }
    if is_held(folder) {
        return Ok(ProcessState::Running);
    }
    match verdict()? {
        Some(Verdict { end, collected: true }) => Ok(end.into()),
        Some(Verdict { end, collected: false }) => {
            let lock = folder.lock().map_err(failed(folder))?;
            if lock.try_lock().is_err() {
                return Ok(ProcessState::Running);
            }
            let task = folder.task().map_err(failed(folder))?;
            shim::finish(folder, &task, end).map_err(|error| Error::other("the results could not be kept", error))?;
            Ok(verdict()?.map_or(ProcessState::Lost, |verdict| verdict.end.into()))
        }
        None => Ok(ProcessState::Lost),
    }
}

/// Whether nothing is to be started: this very program is there already, or its token was cancelled before.
fn is_taken(folder: &Folder, digest: &str) -> Result<bool> {
    match folder.task() {
        Ok(task) if task.digest == digest => Ok(true),
        Ok(_) => Err(Error::Conflict("another program was started under this token".into())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            Ok(folder.verdict().map_err(failed(folder))?.is_some())
        }
        Err(error) => Err(failed(folder)(error)),
    }
}

fn digest(program: &Program) -> String {
    let mut hash = Sha256::new();
    let timeout = program.timeout.as_millis().to_string();
    for part in [&program.engine, &program.prelude, &program.code, &timeout] {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part.as_bytes());
    }
    hex::encode(hash.finalize())
}

fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
}

fn unconfigured(error: engines::Error) -> Error {
    Error::Unconfigured(error.to_string())
}

fn failed(folder: &Folder) -> impl Fn(io::Error) -> Error {
    let path = folder.path().display().to_string();
    move |error| Error::other(format!("the program's folder `{path}` cannot be used"), error)
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|error| Err(Error::other("a task was ended", error)))
}
