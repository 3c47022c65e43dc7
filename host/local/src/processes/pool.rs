//! Sandboxes started ahead: in each an engine waits, warmed by a small job of our own, for one program.

use std::{
    collections::BTreeMap,
    fs::File,
    io,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use rustix::fs::{CWD, RenameFlags, renameat_with};

use super::{
    channel::Channel,
    collect::remove_tree,
    folder::{Folder, Setup},
};
use crate::engines::Pool as Wanted;

/// After a failure the next one is started this much later, and twice as much after each further one.
const FIRST_PAUSE: Duration = Duration::from_secs(10);
const LONGEST_PAUSE: Duration = Duration::from_secs(600);

/// A sandbox that was started ahead.
#[derive(Debug)]
pub(super) struct Ahead {
    folder: Folder,
    setup: Setup,
    channel: Channel,
    /// Since when it could begin.
    ready: Option<Instant>,
    /// The program that waits for just this one.
    promised: Option<PathBuf>,
}

impl Ahead {
    pub(super) fn new(folder: Folder, setup: Setup, channel: Channel) -> Self {
        Self { folder, setup, channel, ready: None, promised: None }
    }

    /// Has it run a program, whose folder and its own change places: the sandbox is then found by the program's token like any
    /// other. With an error, the program's folder is as it was and nothing runs. To be called with the program's lock.
    pub(super) fn run(mut self, program: &Folder) -> io::Result<()> {
        self.folder.put_that_of(program, &self.setup)?;
        self.change_places(program)?;
        if self.folder.cancel().exists() {
            // Asked for just before.
            File::create(program.cancel())?;
        }
        if let Err(error) = self.channel.begin() {
            // One that comes to it after all sees this before it begins.
            File::create(program.cancel())?;
            if !program.started().exists() {
                self.change_places(program)?;
                return Err(error);
            }
        }
        let _ = remove_tree(self.folder.path());
        Ok(())
    }

    fn change_places(&self, program: &Folder) -> io::Result<()> {
        Ok(renameat_with(CWD, self.folder.path(), CWD, program.path(), RenameFlags::EXCHANGE)?)
    }
}

/// The sandboxes that were started ahead, and what became of those before them.
#[derive(Debug)]
pub(super) struct Pool {
    wanted: BTreeMap<String, Wanted>,
    ahead: Vec<Ahead>,
    past: BTreeMap<String, Past>,
}

/// What is known of an engine.
#[derive(Debug, Default)]
struct Past {
    used_at: Option<Instant>,
    /// Sandboxes that got a program.
    given: u64,
    /// Failures in a row, and the last one.
    failures: u32,
    failed: Option<(Instant, String)>,
}

impl Past {
    /// How long none is to be started.
    fn pause(&self) -> Duration {
        let pause = FIRST_PAUSE.saturating_mul(2_u32.saturating_pow(self.failures.saturating_sub(1).min(16)));
        let since = self.failed.as_ref().filter(|_| self.failures > 0).map(|(at, _)| at.elapsed());
        since.map_or(Duration::ZERO, |since| pause.min(LONGEST_PAUSE).saturating_sub(since))
    }
}

impl Pool {
    pub(super) fn new(wanted: BTreeMap<String, Wanted>) -> Self {
        Self { wanted, ahead: Vec::new(), past: BTreeMap::new() }
    }

    pub(super) fn len(&self) -> usize {
        self.ahead.len()
    }

    pub(super) fn add(&mut self, ahead: Ahead) {
        self.ahead.push(ahead);
    }

    /// Ends all of them.
    pub(super) fn clear(&mut self) {
        self.ahead.clear();
    }

    /// Remembers that a program is begun on the engine.
    pub(super) fn used(&mut self, engine: &str) {
        self.past.entry(engine.to_owned()).or_default().used_at = Some(Instant::now());
    }

    /// Takes one out that could begin this program now.
    pub(super) fn take(&mut self, program: &Path, setup: &Setup) -> Option<Ahead> {
        let free = |ahead: &Ahead| ahead.promised.as_deref().is_none_or(|other| other == program);
        let found = self.ahead.iter().position(|one| one.ready.is_some() && free(one) && one.setup.fits(setup))?;
        Some(self.ahead.remove(found))
    }

    /// Counts one that got a program.
    pub(super) fn given(&mut self, engine: &str) {
        self.past.entry(engine.to_owned()).or_default().given += 1;
    }

    /// Promises one that is still starting to a program: it will begin sooner there than in a sandbox of its own.
    pub(super) fn promise(&mut self, program: &Path, setup: &Setup) -> bool {
        let mut starting = self.ahead.iter_mut().filter(|one| one.ready.is_none() && one.promised.is_none());
        let Some(found) = starting.find(|one| one.setup.fits(setup)) else { return false };
        found.promised = Some(program.to_owned());
        true
    }

    /// Takes a promise back.
    pub(super) fn release(&mut self, program: &Path) {
        for one in &mut self.ahead {
            one.promised.take_if(|other| other == program);
        }
    }

    /// Ends one to make room for a program.
    pub(super) fn give_way(&mut self) -> bool {
        let found = self.ahead.iter().position(|one| one.promised.is_none());
        found.map(|found| self.ahead.remove(found)).is_some()
    }

    /// One could begin from now on; the program that waits for it.
    pub(super) fn ready(&mut self, folder: &Folder) -> Option<PathBuf> {
        let found = self.ahead.iter_mut().find(|one| one.folder.path() == folder.path())?;
        found.ready = Some(Instant::now());
        let past = self.past.entry(found.setup.engine.name.clone()).or_default();
        past.failures = 0;
        found.promised.clone()
    }

    /// The shim of one is gone: where that was not our doing, it is a failure. The program that waited for it.
    pub(super) fn ended(&mut self, folder: &Folder, said: Option<String>) -> Option<PathBuf> {
        let found = self.ahead.iter().position(|one| one.folder.path() == folder.path())?;
        let gone = self.ahead.remove(found);
        let why = said.or_else(|| gone.channel.last_words()).unwrap_or_else(|| "its shim is gone".to_owned());
        self.failed(&gone.setup.engine.name, why);
        gone.promised
    }

    pub(super) fn failed(&mut self, engine: &str, why: String) {
        tracing::warn!(engine, why, "a sandbox that was started ahead failed");
        let past = self.past.entry(engine.to_owned()).or_default();
        past.failures += 1;
        past.failed = Some((Instant::now(), why));
    }

    /// Ends those that have waited for too long.
    pub(super) fn end_idle(&mut self) {
        let wanted = &self.wanted;
        let idle = |one: &Ahead| wanted.get(&one.setup.engine.name).map_or(Duration::ZERO, |wanted| wanted.idle);
        self.ahead.retain(|one| one.promised.is_some() || one.ready.is_none_or(|since| since.elapsed() < idle(one)));
    }

    /// The engine that one is to be started for now. One at a time, so that they do not slow each other down.
    pub(super) fn due(&self) -> Option<(&str, &Wanted)> {
        if self.ahead.iter().any(|one| one.ready.is_none()) {
            return None;
        }
        let mut wanted = self.wanted.iter().filter(|(engine, wanted)| {
            let there = self.ahead.iter().filter(|one| one.setup.engine.name == **engine).count();
            self.is_used(engine, wanted) && there < wanted.size && self.past(engine).is_none_or(|p| p.pause().is_zero())
        });
        wanted.next().map(|(engine, wanted)| (engine.as_str(), wanted))
    }

    /// Whether there is something to look after.
    pub(super) fn is_active(&self) -> bool {
        !self.ahead.is_empty() || self.wanted.iter().any(|(engine, wanted)| self.is_used(engine, wanted))
    }

    fn is_used(&self, engine: &str, wanted: &Wanted) -> bool {
        let since = self.past(engine).and_then(|past| past.used_at).map(|at| at.elapsed());
        wanted.size > 0 && since.is_some_and(|since| since < wanted.idle)
    }

    fn past(&self, engine: &str) -> Option<&Past> {
        self.past.get(engine)
    }

    /// How many wait, start and were used, in words; none for an engine of which none is started ahead.
    pub(super) fn state(&self, engine: &str) -> Option<String> {
        self.wanted.get(engine).filter(|wanted| wanted.size > 0)?;
        let of_engine = || self.ahead.iter().filter(|one| one.setup.engine.name == engine);
        let waiting = of_engine().filter(|one| one.ready.is_some()).count();
        let starting = of_engine().count() - waiting;
        let past = self.past(engine);
        let used = past.map_or(0, |past| past.given);
        let failure = past.filter(|past| past.failures > 0).and_then(|past| {
            let (_, why) = past.failed.as_ref()?;
            Some(format!("; the last one failed, the next is tried in {} s: {why}", past.pause().as_secs()))
        });
        let failure = failure.unwrap_or_default();
        Some(format!("started ahead: {waiting} waiting, {starting} starting, {used} used{failure}"))
    }
}
