//! The server's own log, and the last words of a command that failed.

use std::io::Write;

use tracing_subscriber::EnvFilter;

/// Logs to standard error; the variable `RUST_LOG` says how much.
pub(super) fn start(level: &str) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(level));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
}

/// Tells what failed and why, down to the first cause.
pub(super) fn complain(error: &anyhow::Error) {
    let _cannot_be_told = writeln!(std::io::stderr(), "enginehouse: {error:#}");
}
