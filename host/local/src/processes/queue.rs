//! Whose turn it is.

use std::{
    collections::{HashSet, VecDeque},
    fs::{self, TryLockError},
    io,
    path::PathBuf,
    process::Stdio,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use enginehouse_capabilities::ProcessOutput;
use tokio::{process::Command, sync::Notify, task::JoinHandle};

use super::{
    ProcessesConfig, Shim,
    folder::{End, Folder, Verdict},
    logs,
};

/// How soon a place is seen that a program of an earlier host leaves free; our own programs say so at once.
const TICK: Duration = Duration::from_millis(250);

/// Starts programs in the order they came, so many at once. Ends with its last owner; what runs goes on.
#[derive(Debug)]
pub(super) struct Queue {
    waiting: Arc<Waiting>,
    dispatcher: JoinHandle<()>,
}

#[derive(Debug)]
struct Waiting {
    shim: Shim,
    max_running: usize,
    turns: Mutex<Turns>,
    changed: Notify,
}

#[derive(Debug, Default)]
struct Turns {
    waiting: VecDeque<PathBuf>,
    running: HashSet<PathBuf>,
}

impl Queue {
    /// Takes up what an earlier host left, running or waiting. To be called within a runtime, from a thread that may block.
    pub(super) fn open(config: &ProcessesConfig) -> io::Result<Self> {
        let mut turns = Turns::default();
        let mut queued = Vec::new();
        for entry in fs::read_dir(&config.folder)? {
            let entry = entry?;
            let folder = Folder::new(entry.path());
            if entry.file_name().to_string_lossy().starts_with('.') {
                // Half-made, or half-removed.
                let _ = super::collect::remove_tree(folder.path());
                continue;
            }
            if folder.verdict().ok().flatten().is_some() {
                continue;
            }
            match folder.setup() {
                Ok(_) if folder.started().exists() => drop(turns.running.insert(entry.path())),
                Ok(setup) => queued.push((setup.queued, entry.path())),
                Err(error) => tracing::warn!(folder = %entry.path().display(), %error, "no program in this folder"),
            }
        }
        queued.sort();
        turns.waiting.extend(queued.into_iter().map(|(_, path)| path));
        let waiting = Arc::new(Waiting {
            shim: config.shim.clone(),
            max_running: config.max_running.get(),
            turns: Mutex::new(turns),
            changed: Notify::new(),
        });
        waiting.changed.notify_one();
        let dispatcher = tokio::spawn(dispatch(Arc::clone(&waiting)));
        Ok(Self { waiting, dispatcher })
    }

    /// Puts a program at the end.
    pub(super) fn push(&self, folder: &Folder) {
        self.waiting.turns().waiting.push_back(folder.path().to_owned());
        self.waiting.changed.notify_one();
    }
}

impl Drop for Queue {
    fn drop(&mut self) {
        self.dispatcher.abort();
    }
}

async fn dispatch(waiting: Arc<Waiting>) {
    loop {
        let now = Arc::clone(&waiting);
        let full = tokio::task::spawn_blocking(move || now.start_next()).await.unwrap_or(true);
        let pause = if full { TICK } else { Duration::MAX };
        let _ = tokio::time::timeout(pause, waiting.changed.notified()).await;
    }
}

impl Waiting {
    fn turns(&self) -> std::sync::MutexGuard<'_, Turns> {
        self.turns.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Starts what there is room for; whether something still waits.
    fn start_next(self: &Arc<Self>) -> bool {
        let mut turns = self.turns();
        turns.running.retain(|path| is_held(&Folder::new(path)));
        while turns.running.len() < self.max_running {
            let Some(path) = turns.waiting.pop_front() else { return false };
            let folder = Folder::new(&path);
            match self.launch(&folder) {
                Ok(Launch::Started) => drop(turns.running.insert(path)),
                Ok(Launch::NotNeeded) => {}
                Ok(Launch::NotNow) => {
                    turns.waiting.push_front(path);
                    return true;
                }
                Err(error) => give_up(&folder, &error.to_string()),
            }
        }
        !turns.waiting.is_empty()
    }

    fn launch(self: &Arc<Self>, folder: &Folder) -> io::Result<Launch> {
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
        let mut command = Command::new(&self.shim.program);
        command.args(&self.shim.arguments).arg(folder.path());
        command.env_clear().env("PATH", "/usr/local/bin:/usr/bin:/bin").current_dir("/");
        let mut child = command.stdin(lock).stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
        let (waiting, folder) = (Arc::clone(self), folder.clone());
        tokio::spawn(async move {
            let ended = child.wait().await;
            if folder.path().exists() && !folder.started().exists() {
                give_up(&folder, &format!("its shim ended before it began: {ended:?}"));
            }
            waiting.changed.notify_one();
        });
        Ok(Launch::Started)
    }
}

fn give_up(folder: &Folder, why: &str) {
    tracing::warn!(folder = %folder.path().display(), why, "a program could not be started");
    logs::note(&folder.log(ProcessOutput::Stderr), &format!("the program could not be started: {why}"));
    let _ = folder.write_verdict(&Verdict { end: End::Lost, collected: true });
}

enum Launch {
    Started,
    NotNeeded,
    NotNow,
}

/// Whether a shim lives.
pub(super) fn is_held(folder: &Folder) -> bool {
    folder.path().exists()
        && folder.lock().is_ok_and(|lock| matches!(lock.try_lock_shared(), Err(TryLockError::WouldBlock)))
}
