//! The Python around a program on a platform that is not the host's own: it says where the output goes, and what went wrong.

use crate::{Attempt, EngineError, program::Report};

/// What stands before a failure's report in the log.
const MARK: &str = "enginehouse-failure: ";

/// What goes around a program, as Python.
#[derive(Debug, Clone, Copy)]
pub struct Around<'a> {
    /// Statements that come first.
    pub prelude: &'a str,
    /// The body of a function of `error`, whose result, a dictionary, wins over what a report has of the error by itself: `type`,
    /// `message`, `line` and `condition`.
    pub describe: &'a str,
}

/// The program after its prelude, as one script. The program itself is run as it was checked, byte for byte, in a module of its own
/// name, so that lines in its errors are its own.
pub fn wrap(around: Around<'_>, code: &str, attempt: &Attempt) -> String {
    let indented: String = around.describe.lines().map(|line| format!("    {line}\n")).collect();
    format!(
        "import os

os.environ[\"OUTPUT_PATH\"] = {output}

{prelude}

def _enginehouse_describe(error):
{indented}

def _enginehouse_report(error):
    import json
    import sys
    import traceback

    line = None
    if isinstance(error, SyntaxError) and error.filename == \"program.py\":
        line = error.lineno
    for frame, number in traceback.walk_tb(error.__traceback__):
        if frame.f_code.co_filename == \"program.py\":
            line = number
    report = {{\"type\": type(error).__name__, \"message\": str(error), \"line\": line}}
    try:
        report.update(_enginehouse_describe(error))
    except Exception:
        pass
    report[\"message\"] = report[\"message\"][:1200]
    # Without our own frame, and once.
    traceback.print_exception(type(error), error, error.__traceback__.tb_next)
    print({mark} + json.dumps(report), file=sys.stderr, flush=True)
    sys.excepthook = lambda *_: None


def _enginehouse_read(code):
    import linecache

    # For the lines that tracebacks show.
    lines = [line + chr(10) for line in code.split(chr(10))]
    linecache.cache[\"program.py\"] = (len(code), None, lines, \"program.py\")
    return compile(code, \"program.py\", \"exec\", dont_inherit=True)


_enginehouse_program = {code}
try:
    exec(_enginehouse_read(_enginehouse_program), globals())
except Exception as error:
    _enginehouse_report(error)
    raise
",
        output = literal(&attempt.output),
        prelude = around.prelude,
        mark = literal(MARK),
        code = literal(code),
    )
}

/// The last report in a piece of a log.
pub fn report(log: &str) -> Option<Report> {
    let line = log.lines().rev().find_map(|line| line.split_once(MARK).map(|(_, report)| report))?;
    serde_json::from_str(line.trim()).ok()
}

/// Whether a line of a log is a report, and not the program's own.
pub fn is_report(line: &str) -> bool {
    line.starts_with(MARK)
}

/// A failure of which there is no report: what the platform says of it.
pub fn untold(kind: &str, message: &str) -> EngineError {
    let end = message.floor_char_boundary(2048);
    let message = message.get(..end).unwrap_or_default().to_owned();
    EngineError { kind: kind.to_owned(), message, line: None, hint: None }
}

/// A text as Python reads it: all that JSON has to say of a text, Python understands alike.
fn literal(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;

    const AROUND: Around<'static> = Around { prelude: "", describe: "return {}" };

    #[test]
    fn a_program_is_wrapped_as_it_is_and_its_failure_is_found_again() {
        let code = "from __future__ import annotations\nprint(\"a\\n\\u2028\")\n'''\n";
        let script = wrap(AROUND, code, &testing::attempt("lambda"));
        assert!(script.contains("os.environ[\"OUTPUT_PATH\"] = \"s3://enginehouse/runs/1/1/output/\""), "{script}");
        assert!(script.contains(&literal(code)), "{script}");
        let log = format!(
            "noise\n{MARK}{{\"type\":\"Old\",\"message\":\"\",\"line\":1}}\n24/01/01 ERROR {MARK}{{\"type\":\"ValueError\",\"message\":\"no\",\"line\":3}}\nmore"
        );
        let report = report(&log).unwrap();
        assert_eq!((report.kind.as_str(), report.line), ("ValueError", Some(3)));
        assert!(super::report("enginehouse-failure: {").is_none());
        assert!(is_report(&format!("{MARK}{{}}")) && !is_report("x enginehouse-failure"));
    }

    #[test]
    fn python_runs_it_and_reads_every_character() {
        let odd: String = (0..0xd800)
            .step_by(7)
            .chain([0, 1, 9, 10, 13, 34, 92, 0x2028, 0x1f600])
            .filter_map(char::from_u32)
            .collect();
        let code =
            format!("import os\nprint(ascii({}), os.environ['OUTPUT_PATH'])\n\nraise KeyError('a')\n", literal(&odd));
        let around = Around {
            prelude: "",
            describe: "if isinstance(error, KeyError):\n    return {\"condition\": \"C\"}\nreturn {}",
        };
        let script = wrap(around, &code, &testing::attempt("lambda"));
        let folder = std::env::temp_dir().join(format!("enginehouse-script-{}.py", std::process::id()));
        std::fs::write(&folder, script).unwrap();
        let ran = std::process::Command::new("python3").arg("-X").arg("utf8").arg(&folder).output().unwrap();
        std::fs::remove_file(&folder).unwrap();
        let (out, err) = (String::from_utf8(ran.stdout).unwrap(), String::from_utf8(ran.stderr).unwrap());
        assert!(out.contains("\\u2028") && out.contains("\\U0001f600") && out.ends_with("/output/\n"), "{out} {err}");
        assert_eq!(err.matches("Traceback").count(), 1, "{err}");
        assert!(err.contains("line 4, in <module>\n    raise KeyError('a')\n") && !err.contains("exec("), "{err}");
        let report = report(&err).unwrap();
        assert_eq!((report.kind.as_str(), report.condition.as_deref(), report.line), ("KeyError", Some("C"), Some(4)));
        assert_eq!(ran.status.code(), Some(1));
    }

    #[test]
    fn a_long_message_is_cut_between_characters() {
        assert!(untold("function", &"ä".repeat(3000)).message.len() <= 2048);
    }
}
