//! The folder that holds every engine of a user.

use std::{
    fs,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use super::{Check, Engine, Error, doctor, install};

/// The folder of all engines. Nothing is read or made before it is asked for.
#[derive(Debug, Clone)]
pub struct EnginesRoot {
    path: PathBuf,
    engines: Vec<Engine>,
}

/// An engine that is ready: all that a sandbox needs to know of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Installed {
    /// The engine's name.
    pub name: String,
    /// SHA-256 of its lock, in hex.
    pub lock: String,
    /// Its folder; `/opt/engine` in a sandbox.
    pub folder: PathBuf,
    /// Where its packages are, below the folder.
    pub packages: PathBuf,
    /// Where Python itself is installed.
    pub python: PathBuf,
    /// Where Java is installed, for an engine on the JVM.
    pub java: Option<PathBuf>,
    /// Folders outside of it that Java's files link to.
    pub java_settings: Vec<PathBuf>,
    /// What it is made of, in words: `pyspark 4.3.0, Python 3.11.2, Java 17.0.15`.
    pub version: String,
    /// Whether the JVM's archive of classes was made; without it a run starts several seconds later.
    pub archive: bool,
}

impl EnginesRoot {
    /// The engines that ship with us, in `path`.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self::with_engines(path, vec![Engine::spark(), Engine::ray(), Engine::python()])
    }

    /// Where a user's engines are kept: `enginehouse/engines` in the folder for caches; none for a user without a home.
    pub fn of_user() -> Option<PathBuf> {
        Some(directories::ProjectDirs::from("", "", "enginehouse")?.cache_dir().join("engines"))
    }

    /// Engines of the caller's own choice, in `path`.
    pub fn with_engines(path: impl Into<PathBuf>, engines: Vec<Engine>) -> Self {
        Self { path: path.into(), engines }
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What could be installed.
    pub fn engines(&self) -> &[Engine] {
        &self.engines
    }

    /// An engine by name.
    ///
    /// # Errors
    /// [`Error::Unknown`] with the names there are.
    pub fn engine(&self, name: &str) -> Result<&Engine, Error> {
        self.engines.iter().find(|engine| engine.name == name).ok_or_else(|| {
            let known: Vec<&str> = self.engines.iter().map(|engine| engine.name.as_ref()).collect();
            Error::Unknown(name.to_owned(), known.join(", "))
        })
    }

    /// An engine that is ready to run programs. Costs one small file; reads it anew each time.
    ///
    /// # Errors
    /// [`Error::NotInstalled`] with the command, [`Error::Unknown`].
    pub fn installed(&self, name: &str) -> Result<Installed, Error> {
        let engine = self.engine(name)?;
        let missing = || Error::NotInstalled(name.to_owned());
        let manifest = fs::read(self.folder(engine).join(Self::MANIFEST)).map_err(|_| missing())?;
        let mut installed: Installed = serde_json::from_slice(&manifest).map_err(|_| missing())?;
        installed.folder = self.folder(engine);
        let java_is_there = installed.java.as_ref().is_none_or(|java| java.join("bin/java").exists());
        if java_is_there && installed.python.exists() { Ok(installed) } else { Err(missing()) }
    }

    /// The engines that are ready.
    pub fn list(&self) -> Vec<Installed> {
        self.engines.iter().filter_map(|engine| self.installed(&engine.name).ok()).collect()
    }

    /// Installs an engine, and says so line by line; milliseconds where it is there already. Blocks, for minutes the
    /// first time: several hundred megabytes are fetched from the package index that pip is set up for.
    ///
    /// What the system lacks is installed by its package manager when we run as root. Two installers at once wait for
    /// each other; one that is ended half-way leaves nothing that counts.
    ///
    /// # Errors
    /// [`Error::Missing`] with the exact command, [`Error::Failed`] with what a step said, [`Error::Unknown`].
    pub fn install(&self, name: &str, progress: impl Fn(&str)) -> Result<Installed, Error> {
        install::install(self, self.engine(name)?, &progress)
    }

    /// What running programs here needs, one by one. Starts a few short commands; changes nothing.
    pub fn doctor(&self) -> Vec<Check> {
        doctor::examine(self)
    }

    pub(crate) const MANIFEST: &str = "engine.json";

    pub(crate) fn folder(&self, engine: &Engine) -> PathBuf {
        self.path.join(engine.folder())
    }
}
