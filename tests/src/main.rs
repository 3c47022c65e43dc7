//! The server's binary as it is; or, where a fake engine is named, with that in the place of this machine's engines.

use std::{process::ExitCode, sync::Arc};

use enginehouse_tests::{
    fake_engine::{FakeModel, FakeProcesses, VARIABLE},
    guests,
};

fn main() -> ExitCode {
    match std::env::var(VARIABLE) {
        Ok(url) => enginehouse::cli::run_with(|start| {
            start.processes = Some(Arc::new(FakeProcesses::new(url.clone())));
            start.model = Some(Arc::new(FakeModel::new(url)));
            start.plugins = guests::named();
        }),
        Err(_) => enginehouse::cli::run(),
    }
}
