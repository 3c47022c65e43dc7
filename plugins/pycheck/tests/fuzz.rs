//! Whatever is sent as code is read to the end: no panic, findings within the text, the same ones each time.
//!
//! Runs for two seconds; longer with `BOLERO_RANDOM_TEST_TIME_MS`, as in CI.

use enginehouse_corpus::fuzz::{self, SHORT, holds};
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
    "globals()[",
    "[::-1]",
    "bytes.fromhex(",
    "''.join(chr(c) for c in ",
    "map(chr, ",
    "while True",
    "random.random()",
    "os.environ",
    "password",
    "coding: utf-7",
    "yaml.load(",
    "except Exception",
    "host='0.0.0.0'",
];

fn read(code: &str) -> Vec<Finding> {
    let policy = Policy { modules: &["pyspark", "ray"], given: &["s3://a/b"], ..Policy::default() };
    match Syntax::parse(code) {
        Ok(syntax) => check(&Program::read(&syntax), &policy),
        Err(findings) => findings,
    }
}

/// The programs in `corpus/`, cut at a place and put before a piece of another.
#[test]
fn fuzz_code_of_the_corpus() {
    let lines = fuzz::lines_of(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/corpus"));
    bolero::check!().with_test_time(SHORT).with_iterations(usize::MAX).with_max_len(200).for_each(|bytes: &[u8]| {
        holds(&fuzz::of_lines(&lines, bytes), read);
    });
}

#[test]
fn fuzz_code_of_any_bytes() {
    bolero::check!()
        .with_test_time(SHORT)
        .with_iterations(usize::MAX)
        .for_each(|bytes: &[u8]| holds(&String::from_utf8_lossy(bytes), read));
}

#[test]
fn fuzz_code_of_pythons_own_pieces() {
    bolero::check!().with_test_time(SHORT).with_iterations(usize::MAX).with_max_len(400).for_each(|bytes: &[u8]| {
        holds(&fuzz::of_pieces(PIECES, bytes), read);
    });
}
