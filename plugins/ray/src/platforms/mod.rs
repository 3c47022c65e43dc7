//! What a platform that is not the host's own does with a program.

pub(crate) mod cluster;
mod gateway;
mod once;

use enginehouse_sdk::{
    Attempt, EngineError,
    program::{Report, failure},
    script::{self, Around},
};

use crate::{failure::classify, value::Printed};

/// Keeps what Ray says apart from what the program prints, as far as Ray lets itself be told; a version that has no such place goes
/// on as it was. What workers print comes without their numbers.
const PRELUDE: &str = r#"os.environ.setdefault("RAY_DATA_DISABLE_PROGRESS_BARS", "1")
os.environ.setdefault("RAY_DATA_LOG_LEVEL", "WARNING")
os.environ.setdefault("RAY_DEDUP_LOGS", "0")


def _enginehouse_quiet():
    import functools
    import logging
    import sys

    import ray

    begin = ray.init

    @functools.wraps(begin)
    def init(*args, **kwargs):
        kwargs.setdefault("logging_level", logging.WARNING)
        return begin(*args, **kwargs)

    def plain(data, *_, **__):
        if str(data.get("pid")).isdigit():
            print("\n".join(data["lines"]), file=sys.stderr if data.get("is_err") else sys.stdout, flush=True)

    ray.init = init
    if hasattr(ray._private.worker, "print_to_stdstream"):
        ray._private.worker.print_to_stdstream = plain


try:
    _enginehouse_quiet()
except Exception:
    pass
"#;

/// Of an error in a task or an actor: what was raised there, and where in the program.
const DESCRIBE: &str = r#"import re

from ray.exceptions import RayError, RayTaskError

if not isinstance(error, RayError):
    return {}
try:
    from ray.exceptions import UserCodeException
except ImportError:
    UserCodeException = ()
cause, text = getattr(error, "cause", None), str(error)
if isinstance(cause, UserCodeException):
    # Ray Data's own error, which only says that a function failed, comes last.
    text = text.rpartition("\n\nThe above exception was the direct cause")[0]
lines = re.findall(r'File "program.py", line (\d+)', text)
found = {"line": int(lines[-1])} if lines else {}
if isinstance(error, RayTaskError) and not isinstance(cause, UserCodeException):
    return {**found, "type": type(cause).__name__, "message": str(cause)}
if not lines:
    return found
# Ray Data, actors that cannot be made and errors that cannot be sent keep the text alone: it ends with the error.
kind, _, message = re.split(r"\n +[^\n]*\n(?! )", text)[-1].partition(": ")
return {**found, "type": kind.rpartition(".")[2].strip(), "message": message.strip()}"#;

/// The program as one script that needs nothing else.
fn wrap(code: &str, attempt: &Attempt) -> String {
    script::wrap(Around { prelude: PRELUDE, describe: DESCRIBE }, code, attempt)
}

/// A failure as the program's own report tells it, with what usually mends it.
fn told(report: Report) -> EngineError {
    failure(report, classify)
}

/// A failure of which there is no report: what the platform says of it.
fn untold(kind: &str, words: &str) -> EngineError {
    told(Report { kind: kind.to_owned(), message: words.to_owned(), ..Report::default() })
}

/// What the program printed, without our own lines and Ray's.
fn own_lines(text: &str) -> String {
    text.split_inclusive('\n').filter(|line| !is_rays(line) && !script::is_report(line)).collect()
}

/// The value that a program returned, out of the end of its log.
fn value_of(log: &str) -> Option<String> {
    let mut printed = Printed::default();
    printed.take(&own_lines(log));
    printed.value()
}

/// Whether Ray wrote a line to its own log, which is the program's as well: `2026-11-29 15:53:21,518<tab>INFO job_manager.py:581 -- …`
/// from Python, `[2026-11-29 15:53:23,289 W 538 538] network_util.cc:330: …` from below it, and how the program was started.
fn is_rays(line: &str) -> bool {
    let native = line.strip_prefix('[');
    let stamped = native.unwrap_or(line);
    let shape = "dddd-dd-dd dd:dd:dd,ddd";
    let is_time = stamped.len() > shape.len()
        && stamped.bytes().zip(shape.bytes()).all(|(found, asked)| match asked {
            b'd' => found.is_ascii_digit(),
            sign => found == sign,
        });
    let rest = stamped.get(shape.len()..).unwrap_or_default();
    let is_message = match native {
        Some(_) => rest.split_once("] ").is_some_and(|(_, message)| message.contains(".cc:")),
        None => rest.starts_with('\t') && rest.contains(".py:") && rest.contains(" -- "),
    };
    (is_time && is_message) || line.starts_with("Running entrypoint for job ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_programs_own_lines_are_left() {
        let log = "2026-11-29 15:53:21,518\tINFO job_manager.py:581 -- Runtime env is setting up.\n\
                   Running entrypoint for job r00000000000000000000000000000000-1: python main.py\n\
                   [2026-11-29 15:53:23,289 W 538 538] network_util.cc:330: Failed to determine local IP\n\
                   2026-11-29 15:53:25,523\tWARNING __init__.py:28 -- Progress bars disabled.\n\
                   enginehouse-failure: {}\n";
        assert_eq!(own_lines(log), "");
        let own = "INFO job_manager.py: mine\n2026-11-29 15:53:21,518 sold\n[2026] a.cc: 1\n2026-11-29\nb";
        assert_eq!(own_lines(own), own);
    }
}
