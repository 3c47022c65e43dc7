//! The shim as a program of its own, for tests; the server calls [`enginehouse_local::processes::shim::run`] itself.

use std::{ffi::OsString, process::ExitCode};

fn main() -> ExitCode {
    let arguments: Vec<OsString> = std::env::args_os().skip(1).collect();
    enginehouse_local::processes::shim::run(&arguments)
}
