//! The Python around a program on a platform that is not ours: it says where the output goes, and what went wrong.

use enginehouse_recipes::pyspark::literal;
use enginehouse_sdk::{Attempt, program::Report};

/// What stands before a failure's report in the log.
const MARK: &str = "enginehouse-failure: ";

/// Says what went wrong, in one line behind the mark.
const REPORT: &str = include_str!("report.py");

/// The program after its prelude, as one script. The program itself is run as it was checked, byte for byte, in a module of its own
/// name, so that lines in its errors are its own.
pub(crate) fn wrap(prelude: &str, code: &str, attempt: &Attempt) -> String {
    format!(
        "import os

os.environ[\"OUTPUT_PATH\"] = {output}
_enginehouse_mark = {mark}


{REPORT}

try:
    exec(compile({prelude}, \"prelude.py\", \"exec\", dont_inherit=True), globals())
    exec(compile({code}, \"program.py\", \"exec\", dont_inherit=True), globals())
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
        prelude = literal(prelude),
        code = literal(code),
    )
}

/// The last report in a piece of a log.
pub(crate) fn report(log: &str) -> Option<Report> {
    let line = log.lines().rev().find_map(|line| line.split_once(MARK).map(|(_, report)| report))?;
    serde_json::from_str(line.trim()).ok()
}

#[cfg(test)]
mod tests {
    use enginehouse_sdk::testing;

    use super::*;

    #[test]
    fn a_program_is_wrapped_as_it_is_and_its_failure_is_found_again() {
        let code = "from __future__ import annotations\nprint(\"a\\n\\u2028\")\n'''\n";
        let script = wrap("", code, &testing::attempt("lambda"));
        assert!(script.contains("os.environ[\"OUTPUT_PATH\"] = \"s3://enginehouse/runs/1/1/output/\""), "{script}");
        assert!(script.contains(&literal(code)), "{script}");
        let log = format!(
            "noise\n{MARK}{{\"type\":\"Old\",\"message\":\"\",\"line\":1}}\n24/01/01 ERROR {MARK}{{\"type\":\"ValueError\",\"message\":\"no\",\"line\":3}}\nmore"
        );
        let report = report(&log).unwrap();
        assert_eq!((report.kind.as_str(), report.line), ("ValueError", Some(3)));
        assert!(super::report("enginehouse-failure: {").is_none());
    }
}
