//! Keeping a sandbox within its limits.

use std::{
    io,
    process::{Child, ExitStatus},
    time::{Duration, Instant},
};

use super::{
    folder::{End, Folder, Setup},
    sandbox::RUNNER,
    usage::{Tree, disk_exceeds},
};

const LOOK_AT_MEMORY: Duration = Duration::from_millis(200);
const LOOK_AT_DISK: Duration = Duration::from_secs(1);

/// A look at a sandbox every now and then.
pub(super) struct Watch<'a> {
    folder: &'a Folder,
    setup: &'a Setup,
    pub(super) child: Child,
    /// Bytes of memory that all of it may use now.
    pub(super) memory: u64,
    /// When it has taken too long.
    pub(super) deadline: Option<Instant>,
    memory_due: Instant,
    disk_due: Instant,
}

impl<'a> Watch<'a> {
    pub(super) fn new(folder: &'a Folder, setup: &'a Setup, child: Child) -> Self {
        let now = Instant::now();
        let memory = setup.limits.memory;
        Self { folder, setup, child, memory, deadline: None, memory_due: now, disk_due: now }
    }

    /// Whether the sandbox is complete, and ends with us from here on.
    pub(super) fn is_complete(&self) -> bool {
        Tree::of(self.child.id()).runs(RUNNER)
    }

    /// How it ended, or why it has to end now; none where it goes on.
    pub(super) fn look(&mut self) -> io::Result<Option<End>> {
        let stopped = |limit: &str| Ok(Some(End::Stopped(limit.to_owned())));
        if let Some(status) = self.child.try_wait()? {
            return Ok(Some(End::Exited(exit_status(status))));
        }
        let now = Instant::now();
        if self.folder.cancel().exists() {
            return stopped("cancelled");
        }
        if self.deadline.is_some_and(|deadline| now >= deadline) {
            return stopped("time");
        }
        if now >= self.memory_due {
            let tree = Tree::of(self.child.id());
            if tree.exceeds(self.memory) {
                return stopped("memory");
            }
            if tree.threads > u64::from(self.setup.max_processes()) {
                return stopped("processes");
            }
            if now >= self.disk_due {
                let folders = [self.folder.work(), self.folder.outputs()];
                if disk_exceeds(&folders.each_ref().map(|folder| &**folder), tree.nameless(), self.setup.limits.disk)? {
                    return stopped("disk");
                }
                // A look at very many files takes long; it never takes most of a core.
                self.disk_due = Instant::now() + LOOK_AT_DISK.max(now.elapsed() * 10);
            }
            self.memory_due = Instant::now() + LOOK_AT_MEMORY;
        }
        Ok(None)
    }
}

/// The sandbox answers 128 and the signal where a signal ended the program, as a shell does.
fn exit_status(status: ExitStatus) -> i32 {
    use std::os::unix::process::ExitStatusExt;
    match (status.code(), status.signal()) {
        (Some(code @ 129..=192), _) => 128 - code,
        (Some(code), _) => code,
        (None, Some(signal)) => -signal,
        (None, None) => -1,
    }
}
