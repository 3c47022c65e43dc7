//! Compiles one component and ends, as the server's own executable does when it is asked to.

use std::process::ExitCode;

fn main() -> ExitCode {
    enginehouse_runtime::compile_for_parent()
}
