//! What an answer of a plugin is worth, in words for its author.

use enginehouse_runtime::{Error, Failure};

/// How a check ends.
pub(crate) type Verdict<T = ()> = Result<T, Stop>;

/// Why a check goes no further.
#[derive(Debug)]
pub(crate) enum Stop {
    /// What happened, and what the author has to do.
    Failed(String),
    /// Why it could not be made.
    Skipped(String),
}

pub(crate) fn failed(text: impl Into<String>) -> Stop {
    Stop::Failed(text.into())
}

/// Fails with a text where something does not hold.
pub(crate) fn ensure(holds: bool, text: impl FnOnce() -> String) -> Verdict {
    if holds { Ok(()) } else { Err(failed(text())) }
}

/// The answer; a refusal fails the check.
pub(crate) fn answered<T>(call: &str, result: Result<T, Error>) -> Verdict<T> {
    result.map_err(|error| failed(fault(call, &error)))
}

/// The answer, or the refusal in the contract's words; whatever else fails the check.
pub(crate) fn in_words<T>(call: &str, result: Result<T, Error>) -> Verdict<Result<T, Failure>> {
    match result {
        Ok(value) => Ok(Ok(value)),
        Err(Error::Failed(failure)) => Ok(Err(failure)),
        Err(error) => Err(failed(fault(call, &error))),
    }
}

/// As [`in_words`], where code that is nested too deeply may use up the stack: the host makes a finding of that.
pub(crate) fn unless_too_deep<T>(call: &str, result: Result<T, Error>) -> Verdict<Option<T>> {
    match result {
        Err(Error::StackOverflow(_)) => Ok(None),
        other => answered(call, other).map(Some),
    }
}

/// What went wrong in a call, and what mends it.
pub(crate) fn fault(call: &str, error: &Error) -> String {
    let mend = match error {
        Error::Failed(_) => return format!("{call} was refused: {error}. It has to answer here"),
        Error::Trapped { output, .. } => {
            let printed = output.trim();
            let printed = if printed.is_empty() { String::new() } else { format!(" It printed: {printed}.") };
            return format!(
                "{call}: {error}.{printed} End every call with an answer or a failure: return the error \
                            instead of `unwrap`, `panic!` or an index"
            );
        }
        Error::StackOverflow(_) => "read code of this shape without deep recursion",
        Error::OutOfMemory { .. } => "hold less at once: the operator gives this much and no more",
        Error::OutOfTime { .. } => "do less work in one call: the operator gives this much and no more",
        Error::Invalid(_) => "give what `wit/types.wit` allows",
        Error::Input(_) | Error::NotValidated => "this is a fault of the kit: report it",
        Error::Busy(_) | Error::Host(_) => "this is the host's fault and says nothing of the plugin; try again",
    };
    format!("{call}: {error}; {mend}")
}
