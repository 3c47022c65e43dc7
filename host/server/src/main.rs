//! The binary: all it does is in the library, where tests can reach it.

fn main() -> std::process::ExitCode {
    enginehouse::cli::run()
}
