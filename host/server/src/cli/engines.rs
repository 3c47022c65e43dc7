//! `enginehouse engines` and `enginehouse doctor`.

use std::{
    io::{self, Write},
    process::ExitCode,
};

use clap::Subcommand;
use enginehouse_local::engines::{EnginesRoot, Installed};

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Install an engine, and what it needs where the system lacks it.
    Install {
        /// Which one.
        #[arg(default_value = "spark")]
        engine: String,
    },
    /// List the engines and whether they are installed.
    List,
}

impl Command {
    pub(super) fn run(self, engines: &EnginesRoot) -> anyhow::Result<ExitCode> {
        let mut out = io::stdout().lock();
        match self {
            Self::Install { engine } => {
                let installed = install(engines, &engine)?;
                writeln!(out, "{engine}: {} in {}", installed.version, installed.folder.display())?;
            }
            Self::List => {
                for engine in engines.engines() {
                    match engines.installed(&engine.name) {
                        Ok(installed) => writeln!(out, "{}: {}", engine.name, installed.version)?,
                        Err(error) => writeln!(out, "{}: {error}", engine.name)?,
                    }
                }
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// Installs an engine, telling its progress on standard error; at once where it is there.
pub(super) fn install(engines: &EnginesRoot, name: &str) -> anyhow::Result<Installed> {
    let tell = |line: &str| {
        let _cannot_be_told = writeln!(io::stderr(), "  {line}");
    };
    Ok(engines.install(name, tell)?)
}

/// Says what is there and what is missing; fails where something is.
pub(super) fn doctor(engines: &EnginesRoot) -> anyhow::Result<ExitCode> {
    let mut out = io::stdout().lock();
    let checks = engines.doctor();
    for check in &checks {
        writeln!(out, "{:4} {}: {}", if check.ok { "ok" } else { "MISS" }, check.name, check.detail)?;
        if let Some(mend) = &check.mend {
            writeln!(out, "     mend it with: {mend}")?;
        }
    }
    Ok(if checks.iter().all(|check| check.ok) { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
