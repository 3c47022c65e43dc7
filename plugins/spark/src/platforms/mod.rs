//! What each platform does with a program.

pub(crate) mod emr;
pub(crate) mod lambda;

use enginehouse_sdk::{
    Attempt, EngineError,
    program::Report,
    script::{self, Around},
};

/// What Spark itself says of an error.
const DESCRIBE: &str = "condition = getattr(error, \"getCondition\", None) or getattr(error, \"getErrorClass\", None)
return {} if condition is None else {\"condition\": condition()}";

/// The program after its prelude, as one script.
fn wrap(prelude: &str, code: &str, attempt: &Attempt) -> String {
    script::wrap(Around { prelude, describe: DESCRIBE }, code, attempt)
}

/// A failure as the program's own report tells it, with what usually mends it.
fn told(report: Report) -> EngineError {
    enginehouse_sdk::program::failure(report, super::supervisor::hint)
}
