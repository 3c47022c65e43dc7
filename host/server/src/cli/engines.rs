//! `enginehouse engines`.

use std::{
    io::{self, Write},
    process::ExitCode,
};

use clap::Subcommand;
use enginehouse_local::engines::{EnginesRoot, Installed};

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Install engines, and what they need where the system lacks it.
    Install {
        /// Which ones; all where none is named.
        engines: Vec<String>,
    },
    /// List the engines and whether they are installed.
    List,
}

impl Command {
    pub(super) fn run(self, engines: &EnginesRoot) -> anyhow::Result<ExitCode> {
        let mut out = io::stdout().lock();
        match self {
            Self::Install { engines: named } => {
                let installed = match named.as_slice() {
                    [] => install_all(engines)?,
                    named => named.iter().map(|name| install(engines, name)).collect::<anyhow::Result<_>>()?,
                };
                for engine in installed {
                    writeln!(out, "{}: {} in {}", engine.name, engine.version, engine.folder.display())?;
                }
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

/// Installs every engine there is.
pub(super) fn install_all(engines: &EnginesRoot) -> anyhow::Result<Vec<Installed>> {
    engines.engines().iter().map(|engine| install(engines, &engine.name)).collect()
}

/// Installs an engine, telling its progress on standard error; at once where it is there.
fn install(engines: &EnginesRoot, name: &str) -> anyhow::Result<Installed> {
    let tell = |line: &str| {
        let _cannot_be_told = writeln!(io::stderr(), "  {line}");
    };
    Ok(engines.install(name, tell)?)
}
