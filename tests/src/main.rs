//! The server's binary, as it is.

fn main() -> std::process::ExitCode {
    enginehouse::cli::run()
}
