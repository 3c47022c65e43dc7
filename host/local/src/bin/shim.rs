//! The shim as a program of its own, for tests; the server calls [`enginehouse_local::processes::shim::run`] itself.

use std::{path::PathBuf, process::ExitCode};

fn main() -> ExitCode {
    let Some(folder) = std::env::args_os().nth(1).map(PathBuf::from) else { return ExitCode::FAILURE };
    enginehouse_local::processes::shim::run(&folder)
}
