//! The Python around a program on a platform that is not the host's own: it says where the output goes, and what went wrong.

use crate::{Attempt, program::Report};

/// What stands before a failure's report in the log.
const MARK: &str = "enginehouse-failure: ";

/// Says what went wrong, in one line behind the mark.
const REPORT: &str = include_str!("script/report.py");

/// What goes around a program, as Python.
#[derive(Debug, Clone, Copy)]
pub struct Around<'a> {
    /// Statements that come first, as the module `prelude.py`.
    pub prelude: &'a str,
    /// The body of a function of `error`, whose result, a dictionary, wins over what a report has of the error by itself: `type`,
    /// `message`, `line`, `condition`, and `causes`, the innermost last.
    pub describe: &'a str,
}

/// The program after its prelude, as one script. The program itself is run as it was checked, byte for byte, in a module of its own
/// name, so that lines in its errors are its own.
pub fn wrap(around: Around<'_>, code: &str, attempt: &Attempt) -> String {
    let describe: String = around.describe.lines().map(|line| format!("    {line}\n")).collect();
    format!(
        "import os

os.environ[\"OUTPUT_PATH\"] = {output}
_enginehouse_mark = {mark}


def _enginehouse_describe(error):
{describe}

{REPORT}

def _enginehouse_read(code, name):
    import linecache

    # For the lines that tracebacks show.
    lines = [line + chr(10) for line in code.split(chr(10))]
    linecache.cache[name] = (len(code), None, lines, name)
    return compile(code, name, \"exec\", dont_inherit=True)


_enginehouse_prelude = {prelude}
_enginehouse_program = {code}
try:
    exec(_enginehouse_read(_enginehouse_prelude, \"prelude.py\"), globals())
    exec(_enginehouse_read(_enginehouse_program, \"program.py\"), globals())
except SystemExit as ended:
    if ended.code:
        _enginehouse_report(ended)
    raise
except Exception as error:
    _enginehouse_report(error)
    raise SystemExit(1) from None
",
        output = literal(&attempt.output),
        mark = literal(MARK),
        prelude = literal(around.prelude),
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

/// A text as Python reads it: all that JSON has to say of a text, Python understands alike.
fn literal(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use std::{
        process::Command,
        sync::atomic::{AtomicU32, Ordering},
    };

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

    fn run(around: Around<'_>, code: &str) -> (Option<i32>, String, String) {
        static RUNS: AtomicU32 = AtomicU32::new(0);
        let name = format!("enginehouse-script-{}-{}.py", std::process::id(), RUNS.fetch_add(1, Ordering::Relaxed));
        let file = std::env::temp_dir().join(name);
        std::fs::write(&file, wrap(around, code, &testing::attempt("lambda"))).unwrap();
        let ran = Command::new("python3").arg("-X").arg("utf8").arg(&file).output().unwrap();
        std::fs::remove_file(&file).unwrap();
        (ran.status.code(), String::from_utf8(ran.stdout).unwrap(), String::from_utf8(ran.stderr).unwrap())
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
        let (status, out, err) = run(around, &code);
        assert!(out.contains("\\u2028") && out.contains("\\U0001f600") && out.ends_with("/output/\n"), "{out} {err}");
        assert_eq!(err.matches("Traceback").count(), 1, "{err}");
        assert!(err.contains("line 4, in <module>\n    raise KeyError('a')\n") && !err.contains("exec("), "{err}");
        let report = report(&err).unwrap();
        assert_eq!((report.kind.as_str(), report.condition.as_deref(), report.line), ("KeyError", Some("C"), Some(4)));
        assert_eq!(status, Some(1));
    }

    #[test]
    fn whatever_ends_it_is_told() {
        let told = |prelude: &str, code: &str| {
            let (status, _, err) = run(Around { prelude, ..AROUND }, code);
            let report = report(&err);
            (status, report.map(|report| (report.kind, report.message, report.line)))
        };
        let of = |kind: &str, message: &str, line| Some((kind.to_owned(), message.to_owned(), line));
        assert_eq!(told("", "import sys\nsys.exit(3)\n"), (Some(3), of("SystemExit", "3", Some(2))));
        assert_eq!(told("", "raise SystemExit\n"), (Some(0), None));
        assert_eq!(told("a = 1 / 0\n", "print(a)\n"), (Some(1), of("ZeroDivisionError", "division by zero", None)));
        assert_eq!(told("a = 1\n", "print(a)\nprint(b)\n").1.unwrap().2, Some(2));
        let (status, syntax) = told("", "print(1)\nprint(\n");
        assert_eq!(
            (status, syntax.map(|(kind, _, line)| (kind, line))),
            (Some(1), Some(("SyntaxError".to_owned(), Some(2))))
        );
        let long = told("", "raise ValueError('a' * 5000 + 'the end')\n").1.unwrap().1;
        assert!(long.len() < 1200 && long.ends_with("the end"), "{long}");
    }
}
