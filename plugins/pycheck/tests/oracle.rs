//! Our rules beside ruff's own, on every program in `corpus/`.
//!
//! `C003` agrees with `F821` line by line. Our safety rules cover the lines of the rules of ruff below, and go further: they also
//! refuse the import and every other mention. Intended differences:
//!
//! - ruff knows Python's newest version, we know 3.11: the corpus keeps to 3.11.
//! - `F821` looks into string annotations; we take their words for uses and check none.
//! - A name that a loop binds further down is defined in its next turn: `F821` follows the text, we follow the loop.
//! - `S607` (a program named without its path) marks the argument's line, we mark the call's: the corpus writes both on one.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "all of this file is a test"
)]

use std::{collections::BTreeSet, fs, path::Path};

use enginehouse_pycheck::{Policy, Program, Syntax, check};
use enginehouse_sdk::{Finding, Severity};
use ruff_linter::{
    linter::{ParseSource, lint_only},
    registry::Rule,
    settings::{LinterSettings, flags::Noqa},
    source_kind::SourceKind,
};
use ruff_python_ast::PySourceType;

const NAMES: &[&str] = &["F821"];
/// Where `F821` finds a name that a loop has bound in the turn before.
const LOOPS: &[(&str, u32)] = &[("valid_loop.py", 4)];
/// What is an error with us.
const SAFETY: &[&str] = &[
    "S102", "S103", "S104", "S105", "S106", "S107", "S301", "S302", "S307", "S310", "S312", "S321", "S401", "S402",
    "S403", "S404", "S411", "S412", "S415", "S602", "S603", "S604", "S605", "S606", "S607",
];
/// What is a warning.
const LOOSE: &[&str] = &["S110", "S112", "S313", "S314", "S315", "S316", "S317", "S318", "S319", "S506"];
/// Where ruff takes any text for an address that is served on, and any module of XML for one that parses.
const INTENDED: &[(&str, u32)] = &[("valid_notebook.py", 20)];

fn corpus() -> Vec<(String, String)> {
    let folder = Path::new("tests/corpus");
    let mut programs: Vec<(String, String)> = fs::read_dir(folder)
        .expect("the corpus is there")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|end| end == "py"))
        .map(|path| {
            (path.file_name().unwrap().to_string_lossy().into_owned(), fs::read_to_string(&path).expect("text"))
        })
        .collect();
    programs.sort();
    assert!(programs.len() >= 30, "{} programs", programs.len());
    programs
}

fn ours(code: &str) -> Result<Vec<Finding>, Vec<Finding>> {
    let syntax = Syntax::parse(code)?;
    Ok(check(
        &Program::read(&syntax),
        &Policy { modules: &["pyspark", "pandas", "numpy", "ray", "boto3", "awsglue", "yaml"], ..Policy::default() },
    ))
}

/// The lines on which ruff finds one of these rules.
fn theirs(name: &str, code: &str, rules: &[&str]) -> BTreeSet<(u32, String)> {
    let settings = LinterSettings::for_rules(rules.iter().map(|rule| Rule::from_code(rule).expect("a rule of ruff")));
    let source = SourceKind::Python { code: code.to_owned(), is_stub: false };
    let result =
        lint_only(Path::new(name), None, &settings, Noqa::Disabled, &source, PySourceType::Python, ParseSource::None);
    let line = |start: usize| u32::try_from(code[..start].matches('\n').count() + 1).unwrap();
    result
        .diagnostics
        .iter()
        .filter_map(|found| Some((found.secondary_code()?.to_string(), found.range()?)))
        .filter(|(rule, _)| rules.contains(&rule.as_str()))
        .map(|(rule, range)| (line(range.start().to_usize()), rule))
        .collect()
}

#[test]
fn names_agree_with_ruff() {
    for (name, code) in corpus() {
        let Ok(findings) = ours(&code) else { continue };
        let ours: BTreeSet<u32> =
            findings.iter().filter(|f| f.rule == "C003").map(|f| f.span.as_ref().unwrap().start.line).collect();
        let theirs = theirs(&name, &code, NAMES).into_iter().map(|(line, _)| line);
        let theirs: BTreeSet<u32> = theirs.filter(|line| !LOOPS.contains(&(name.as_str(), *line))).collect();
        assert_eq!(ours, theirs, "{name}: lines of C003 (left) and of F821 (right)");
    }
}

#[test]
fn safety_covers_ruff() {
    let mut covered: BTreeSet<String> = BTreeSet::new();
    for (name, code) in corpus() {
        let Ok(findings) = ours(&code) else { continue };
        let lines = |counts: &dyn Fn(&Finding) -> bool| -> BTreeSet<u32> {
            findings.iter().filter(|f| counts(f)).map(|f| f.span.as_ref().unwrap().start.line).collect()
        };
        let errors = lines(&|f| f.rule.starts_with('X') && f.severity == Severity::Error);
        let all = lines(&|f| f.rule.starts_with('X') || f.rule == "C007");
        for (rules, ours) in [(SAFETY, errors), (LOOSE, all)] {
            for (line, rule) in theirs(&name, &code, rules) {
                let known = ours.contains(&line) || INTENDED.contains(&(name.as_str(), line));
                assert!(known, "{name}:{line}: ruff finds {rule}, we find nothing; ours: {ours:?}");
                covered.insert(rule);
            }
        }
    }
    assert!(covered.len() >= 25, "only {covered:?}");
}
