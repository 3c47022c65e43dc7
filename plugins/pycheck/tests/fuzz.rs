//! Whatever is sent as code is read to the end: no panic, findings within the text, the same ones each time.
//!
//! Runs for two seconds; longer with `BOLERO_RANDOM_TEST_TIME_MS`, as in CI.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails loudly")]

use std::time::Duration;

use enginehouse_pycheck::{Policy, Program, Syntax, check};
use enginehouse_sdk::Finding;

/// What programs are made of, so that chance makes some that parse.
const PIECES: &[&str] = &[
    "\n",
    "\n    ",
    "\n        ",
    " ",
    ":",
    ",",
    ".",
    "=",
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    "'",
    "\"",
    "\"\"\"",
    "f'{",
    "}'",
    "def f",
    "class C",
    "lambda x",
    "return ",
    "yield ",
    "await ",
    "async ",
    "with ",
    "as x",
    "import os",
    "from os import ",
    "import pyspark",
    "from pyspark.sql import functions as F",
    "import ray",
    "@ray.remote",
    "spark.read.csv(",
    "eval(",
    "exec(",
    "os.system(",
    "getattr(",
    "__import__(",
    "__class__",
    "globals()",
    "open(",
    "OUTPUT_PATH",
    "s3://a/b",
    "for x in ",
    "while ",
    "if ",
    "else",
    "elif ",
    "try",
    "except ",
    "finally",
    "raise ",
    "match x",
    "case ",
    "global x",
    "nonlocal x",
    "del x",
    "x",
    "y",
    "0",
    "1e9",
    "0xff",
    "...",
    "*",
    "**",
    "->",
    ":=",
    "not ",
    "and ",
    "or ",
    "in ",
    "is ",
    "None",
    "True",
    "\\",
    "#",
    ";",
    "\t",
    "\u{feff}",
    "é",
    "名",
    "\u{202e}",
    "\0",
    "%s",
    "b'",
    "rb\"",
    "{x!r:>{w}}",
    "type X = ",
    "assert ",
    "print(",
];

fn read(code: &str) -> Vec<Finding> {
    let policy = Policy { modules: &["pyspark", "ray"], given: &["s3://a/b"], ..Policy::default() };
    match Syntax::parse(code) {
        Ok(syntax) => check(&Program::read(&syntax), &policy),
        Err(findings) => findings,
    }
}

fn holds(code: &str) {
    let findings = read(code);
    // Python ends a line at a lone carriage return as well.
    let lines = code.matches(['\n', '\r']).count() + 1;
    for finding in &findings {
        assert!(!finding.rule.is_empty() && !finding.message.is_empty());
        if let Some(span) = &finding.span {
            assert!(span.start.line >= 1 && span.start.line as usize <= lines, "{finding:?} in {code:?}");
        }
    }
    let said = |findings: &[Finding]| findings.iter().map(|f| format!("{f:?}")).collect::<Vec<_>>();
    assert_eq!(said(&findings), said(&read(code)), "{code:?}");
}

const SHORT: Duration = Duration::from_secs(2);

#[test]
fn fuzz_code_of_any_bytes() {
    bolero::check!()
        .with_test_time(SHORT)
        .with_iterations(usize::MAX)
        .for_each(|bytes: &[u8]| holds(&String::from_utf8_lossy(bytes)));
}

#[test]
fn fuzz_code_of_pythons_own_pieces() {
    bolero::check!().with_test_time(SHORT).with_iterations(usize::MAX).with_max_len(400).for_each(|bytes: &[u8]| {
        let code: String = bytes.iter().map(|byte| PIECES[usize::from(*byte) % PIECES.len()]).collect();
        holds(&code);
    });
}
