//! `enginehouse plugin check`: the conformance kit over a component in a file. Needs no server.

use std::{
    io::Write as _,
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::Context as _;
use clap::{Args, ValueEnum};
use enginehouse_conformance::{Report, Sample, check_with, runtime};
use enginehouse_runtime::PluginConfig;

use crate::config::Config;

/// What to check, and how to tell.
#[derive(Debug, Args)]
pub(super) struct Check {
    /// The component.
    file: PathBuf,
    /// How the report is written.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// A prompt that the plugin understands, where the kit knows none.
    #[arg(long, default_value = "")]
    prompt: String,
    /// A file with code that the plugin finds clean, where the kit knows none.
    #[arg(long)]
    code: Option<PathBuf>,
}

/// How a report is written.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Format {
    /// For people.
    Text,
    /// For programs.
    Json,
    /// For CI.
    Junit,
}

impl Check {
    /// Writes the report to standard output; fails where the plugin does.
    pub(super) async fn run(self) -> anyhow::Result<ExitCode> {
        let wasm = read(&self.file).await?;
        let code = match &self.code {
            Some(code) => String::from_utf8(read(code).await?).with_context(|| format!("{}", code.display()))?,
            None => String::new(),
        };
        let folder = tempfile::tempdir()?;
        let cache = Config::compiled_folder().unwrap_or_else(|| folder.path().to_owned());
        let sample = Sample { prompt: self.prompt, code };
        let report = check_with(&runtime(&cache)?, wasm.into(), PluginConfig::default(), sample).await;
        writeln!(std::io::stdout(), "{}", self.format.write(&report)?.trim_end())?;
        Ok(if report.passed() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}

impl Format {
    fn write(self, report: &Report) -> anyhow::Result<String> {
        Ok(match self {
            Self::Text => report.text(),
            Self::Json => serde_json::to_string_pretty(report)?,
            Self::Junit => report.junit()?,
        })
    }
}

async fn read(file: &Path) -> anyhow::Result<Vec<u8>> {
    tokio::fs::read(file).await.with_context(|| format!("cannot read {}", file.display()))
}
