//! Whose turn it is.

use std::{
    collections::{HashSet, VecDeque},
    fs::{self, File, TryLockError},
    io,
    path::{Path, PathBuf},
    process::Stdio,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use enginehouse_capabilities::ProcessOutput;
use tokio::{
    io::{AsyncBufReadExt as _, BufReader},
    process::Command,
    sync::Notify,
    task::{JoinHandle, spawn_blocking},
};

use super::{
    ProcessesConfig, Shim,
    channel::Channel,
    collect::remove_tree,
    folder::{End, Folder, Setup, Verdict},
    logs,
    pool::{Ahead, Pool},
};

/// How soon a place is seen that a program of an earlier host leaves free; our own programs say so at once.
const TICK: Duration = Duration::from_millis(250);
/// How often sandboxes that were started ahead are looked after.
const LOOK: Duration = Duration::from_secs(1);
/// How long a program has the machine for itself before a sandbox is started beside it: most have ended by then.
const QUIET: Duration = Duration::from_secs(10);

/// Starts programs in the order they came, so many at once, in sandboxes that were started ahead where there are any. Ends with
/// its last owner, and what waits with it; what runs goes on.
#[derive(Debug)]
pub(super) struct Queue {
    waiting: Arc<Waiting>,
    dispatcher: JoinHandle<()>,
}

#[derive(Debug)]
struct Waiting {
    config: ProcessesConfig,
    turns: Mutex<Turns>,
    changed: Notify,
}

#[derive(Debug)]
struct Turns {
    waiting: VecDeque<PathBuf>,
    running: HashSet<PathBuf>,
    /// Each of it has a place as well, until a program needs that.
    pool: Pool,
    last_begun: Option<Instant>,
}

impl Queue {
    /// Takes up what an earlier host left, running or waiting. To be called within a runtime, from a thread that may block.
    pub(super) fn open(config: &ProcessesConfig) -> io::Result<Self> {
        let mut turns = Turns {
            waiting: VecDeque::new(),
            running: HashSet::new(),
            pool: Pool::new(config.pools.clone()),
            last_begun: None,
        };
        let mut queued = Vec::new();
        for entry in fs::read_dir(&config.folder)? {
            let entry = entry?;
            let folder = Folder::new(entry.path());
            if entry.file_name().to_string_lossy().starts_with('.') {
                // Half-made, half-removed, or a sandbox without a program, which ends with its host.
                let _ = remove_tree(folder.path());
                continue;
            }
            if folder.verdict().ok().flatten().is_some() {
                continue;
            }
            match folder.task() {
                Ok(_) if folder.started().exists() => drop(turns.running.insert(entry.path())),
                Ok(task) => queued.push((task.queued, entry.path())),
                Err(error) => tracing::warn!(folder = %entry.path().display(), %error, "no program in this folder"),
            }
        }
        queued.sort();
        turns.waiting.extend(queued.into_iter().map(|(_, path)| path));
        let waiting = Arc::new(Waiting { config: config.clone(), turns: Mutex::new(turns), changed: Notify::new() });
        waiting.changed.notify_one();
        let dispatcher = tokio::spawn(dispatch(Arc::clone(&waiting)));
        Ok(Self { waiting, dispatcher })
    }

    /// Puts a program at the end.
    pub(super) fn push(&self, folder: &Folder) {
        self.waiting.turns().waiting.push_back(folder.path().to_owned());
        self.waiting.changed.notify_one();
    }

    /// How it is about sandboxes of the engine that are started ahead, in words; none where none are.
    pub(super) fn pool_state(&self, engine: &str) -> Option<String> {
        self.waiting.turns().pool.state(engine)
    }
}

impl Drop for Queue {
    fn drop(&mut self) {
        self.dispatcher.abort();
        self.waiting.turns().pool.clear();
    }
}

async fn dispatch(waiting: Arc<Waiting>) {
    loop {
        let now = Arc::clone(&waiting);
        let again = spawn_blocking(move || now.start_next()).await.unwrap_or(Some(TICK));
        let _ = tokio::time::timeout(again.unwrap_or(Duration::MAX), waiting.changed.notified()).await;
    }
}

impl Waiting {
    fn turns(&self) -> std::sync::MutexGuard<'_, Turns> {
        self.turns.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Starts what there is room for; when to look again, where nobody says so.
    fn start_next(self: &Arc<Self>) -> Option<Duration> {
        let mut turns = self.turns();
        turns.running.retain(|path| is_held(&Folder::new(path)));
        turns.pool.end_idle();
        while let Some(path) = turns.waiting.pop_front() {
            let folder = Folder::new(&path);
            match self.begin(&mut turns, &folder) {
                Ok(Launch::Started) => drop(turns.running.insert(path)),
                Ok(Launch::NotNeeded) => turns.pool.release(&path),
                Ok(Launch::Promised) => {}
                Ok(Launch::NotNow) => {
                    turns.waiting.push_front(path);
                    return Some(TICK);
                }
                Err(error) => give_up(&folder, &error.to_string()),
            }
        }
        self.refill(&mut turns);
        turns.pool.is_active().then_some(LOOK)
    }

    fn has_place(&self, turns: &Turns) -> bool {
        turns.running.len() + turns.pool.len() < self.config.max_running.get()
    }

    /// Begins a program: in a sandbox that was started ahead, else in one of its own.
    fn begin(self: &Arc<Self>, turns: &mut Turns, folder: &Folder) -> io::Result<Launch> {
        if !folder.path().exists() {
            return Ok(Launch::NotNeeded);
        }
        // Handed on as the shim's standard input: held without a gap from here to its end.
        let lock = folder.lock()?;
        match lock.try_lock() {
            // A shim of another host, or somebody who is just cancelling it.
            Err(TryLockError::WouldBlock) if folder.started().exists() => return Ok(Launch::Started),
            Err(TryLockError::WouldBlock) => return Ok(Launch::NotNow),
            Err(TryLockError::Error(error)) => return Err(error),
            Ok(()) => {}
        }
        if folder.verdict()?.is_some() || folder.started().exists() {
            return Ok(Launch::NotNeeded);
        }
        let setup = folder.setup()?;
        let engine = &setup.engine.name;
        if setup.ahead.is_some() {
            return Err(io::Error::other("the sandbox that it was given is gone"));
        }
        if let Some(ahead) = turns.pool.take(folder.path(), &setup) {
            match ahead.run(folder) {
                Ok(()) => {
                    turns.pool.given(engine);
                    turns.has_begun(engine);
                    return Ok(Launch::Started);
                }
                Err(error) => turns.pool.failed(engine, format!("it did not take a program: {error}")),
            }
        }
        if turns.pool.promise(folder.path(), &setup) {
            return Ok(Launch::Promised);
        }
        if !self.has_place(turns) && !turns.pool.give_way() {
            return Ok(Launch::NotNow);
        }
        self.launch(folder, lock)?;
        turns.has_begun(engine);
        Ok(Launch::Started)
    }

    fn launch(self: &Arc<Self>, folder: &Folder, lock: File) -> io::Result<()> {
        let mut child = shim(&self.config.shim, folder.path(), lock).stdout(Stdio::null()).spawn()?;
        let (waiting, folder) = (Arc::clone(self), folder.clone());
        tokio::spawn(async move {
            let ended = child.wait().await;
            if folder.path().exists() && !folder.started().exists() {
                give_up(&folder, &format!("its shim ended before it began: {ended:?}"));
            }
            waiting.changed.notify_one();
        });
        Ok(())
    }

    /// Starts a sandbox ahead, where one is wanted, there is a place, and no program is kept from its first steps.
    fn refill(self: &Arc<Self>, turns: &mut Turns) {
        let is_quiet = turns.running.is_empty() || turns.last_begun.is_none_or(|since| since.elapsed() > QUIET);
        if !is_quiet || !self.has_place(turns) {
            return;
        }
        let Some((engine, memory)) = turns.pool.due().map(|(engine, wanted)| (engine.to_owned(), wanted.memory)) else {
            return;
        };
        match self.start_ahead(&engine, memory) {
            Ok(ahead) => turns.pool.add(ahead),
            Err(error) => turns.pool.failed(&engine, error.to_string()),
        }
    }

    fn start_ahead(self: &Arc<Self>, engine: &str, memory: u64) -> io::Result<Ahead> {
        let config = &self.config;
        let installed = config.engines.installed(engine).map_err(io::Error::other)?;
        let engine = config.engines.engine(engine).map_err(io::Error::other)?;
        // No program's name, so that the next host removes it.
        let name = format!(".ahead-{:x}", rand::random::<u64>());
        let folder = Folder::new(config.folder.join(&name));
        let setup = Setup::new(installed, engine.needs.clone(), config.shim.clone(), config.limits.clone(), &name);
        let setup = Setup { ahead: Some(memory), ..setup };
        folder.lay_out(engine, &setup)?;
        let lock = folder.lock()?;
        lock.try_lock()?;
        let (channel, theirs) = Channel::pair()?;
        let listener = channel.listener()?;
        let mut child = shim(&config.shim, folder.path(), lock).stdout(theirs).spawn()?;
        let (waiting, its) = (Arc::clone(self), folder.clone());
        tokio::spawn(async move {
            let mut said = String::new();
            let _ = BufReader::new(listener).read_line(&mut said).await;
            if Channel::is_ready(said.trim_end()) {
                said.clear();
                let (waiting, its) = (Arc::clone(&waiting), its.clone());
                let _ = spawn_blocking(move || waiting.is_ready(&its)).await;
            }
            let _ = child.wait().await;
            let said = Some(said.trim_end().to_owned()).filter(|said| !said.is_empty());
            let _ = spawn_blocking(move || waiting.has_ended(&its, said)).await;
        });
        Ok(Ahead::new(folder, setup, channel))
    }

    /// A sandbox that was started ahead could begin.
    fn is_ready(&self, folder: &Folder) {
        let mut turns = self.turns();
        let promised = turns.pool.ready(folder);
        if let Some(program) = promised {
            turns.waiting.push_front(program);
        }
        self.changed.notify_one();
    }

    /// The shim of a sandbox that was started ahead is gone.
    fn has_ended(&self, folder: &Folder, said: Option<String>) {
        let mut turns = self.turns();
        let promised = turns.pool.ended(folder, said);
        if let Some(program) = promised {
            turns.waiting.push_front(program);
        }
        drop(turns);
        // One that was given a program has another name since.
        let _ = remove_tree(folder.path());
        self.changed.notify_one();
    }
}

impl Turns {
    fn has_begun(&mut self, engine: &str) {
        self.pool.used(engine);
        self.last_begun = Some(Instant::now());
    }
}

fn shim(shim: &Shim, folder: &Path, lock: File) -> Command {
    let mut command = Command::new(&shim.program);
    command.args(&shim.arguments).arg(folder);
    command.env_clear().env("PATH", "/usr/local/bin:/usr/bin:/bin").current_dir("/");
    command.stdin(lock).stderr(Stdio::null());
    command
}

fn give_up(folder: &Folder, why: &str) {
    tracing::warn!(folder = %folder.path().display(), why, "a program could not be started");
    logs::note(&folder.log(ProcessOutput::Stderr), &format!("the program could not be started: {why}"));
    let _ = folder.write_verdict(&Verdict { end: End::Lost, collected: true });
}

enum Launch {
    Started,
    NotNeeded,
    /// It begins in a sandbox that is still starting.
    Promised,
    NotNow,
}

/// Whether a shim lives.
pub(super) fn is_held(folder: &Folder) -> bool {
    folder.path().exists()
        && folder.lock().is_ok_and(|lock| matches!(lock.try_lock_shared(), Err(TryLockError::WouldBlock)))
}
