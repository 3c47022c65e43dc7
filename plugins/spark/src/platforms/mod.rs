//! What each platform does with a program.

pub(crate) mod emr;
pub(crate) mod lambda;

use enginehouse_sdk::{EngineError, program::Report};

/// A failure as the program's own report tells it, with what usually mends it.
fn told(report: Report) -> EngineError {
    enginehouse_sdk::program::failure(report, super::supervisor::hint)
}
