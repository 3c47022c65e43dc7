//! A wall clock that jumps when a test says so, for programs that are started under it (`libfaketime`). What counts evenly, the
//! monotonic clock, goes on as it does on a machine whose clock is set.

use std::{
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use anyhow::Context;
use tempfile::TempDir;

/// A clock; ends with the value.
#[derive(Debug)]
pub struct TestClock {
    library: PathBuf,
    folder: TempDir,
}

impl TestClock {
    /// A clock that is right.
    pub fn new() -> anyhow::Result<Self> {
        let folder = tempfile::tempdir()?;
        // PostgreSQL reads it as another user.
        std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755))?;
        let clock = Self { library: library()?, folder };
        clock.jump("+0")?;
        Ok(clock)
    }

    /// Sets it off from the right time: `+3d`, `-2h`.
    pub fn jump(&self, offset: &str) -> anyhow::Result<()> {
        let next = self.folder.path().join("next");
        std::fs::write(&next, format!("{offset}\n"))?;
        // Whole or not at all: it is read at every look at the time.
        Ok(std::fs::rename(next, self.file())?)
    }

    /// What a program has to find in its environment to go by it.
    pub fn environment(&self) -> Vec<(&'static str, String)> {
        let text = |path: &Path| path.to_string_lossy().into_owned();
        vec![
            ("LD_PRELOAD", text(&self.library)),
            ("FAKETIME_TIMESTAMP_FILE", text(&self.file())),
            ("FAKETIME_NO_CACHE", "1".to_owned()),
            ("FAKETIME_DONT_FAKE_MONOTONIC", "1".to_owned()),
        ]
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("offset")
    }
}

fn library() -> anyhow::Result<PathBuf> {
    let folders = std::fs::read_dir("/usr/lib")?.flatten().map(|entry| entry.path());
    folders
        .map(|folder| folder.join("faketime/libfaketimeMT.so.1"))
        .find(|file| file.is_file())
        .context("libfaketime is not installed: install the package `libfaketime`")
}
