//! What is made wrong, by the rule that must find it.

mod common;
mod contract;
mod language;
mod safety;

use enginehouse_sdk::Severity;

use crate::{
    mutation::{Mutant, Mutation},
    program::Valid,
};

/// All of them.
pub(crate) fn all() -> Vec<Mutation> {
    [common::all(), safety::all(), contract::all(), language::all()].into_iter().flatten().collect()
}

fn error(
    rule: &'static str,
    name: &str,
    companions: &'static [&'static str],
    make: impl Fn(&Valid) -> Option<Mutant> + 'static,
) -> Mutation {
    Mutation { rule, severity: Severity::Error, name: name.to_owned(), companions, deep: false, make: Box::new(make) }
}

/// What lies in the program's own steps.
fn deep(
    rule: &'static str,
    name: &str,
    companions: &'static [&'static str],
    make: impl Fn(&Valid) -> Option<Mutant> + 'static,
) -> Mutation {
    Mutation { deep: true, ..error(rule, name, companions, make) }
}

fn warning(rule: &'static str, name: &str, make: impl Fn(&Valid) -> Option<Mutant> + 'static) -> Mutation {
    Mutation { severity: Severity::Warning, ..error(rule, name, &[], make) }
}

/// Statements at the end of the program, and what is wrong in them.
fn at_end(valid: &Valid, statements: &str, wrong: &str) -> Option<Mutant> {
    Mutant::at(valid.append(statements), wrong)
}

/// The same in a function, which is called.
fn in_function(valid: &Valid, statements: &str, wrong: &str) -> Option<Mutant> {
    Mutant::at(valid.append_function(statements), wrong)
}

/// Statements at the end of a program that has its session at hand as `spark`.
fn with_spark(valid: &Valid, statements: &str, wrong: &str) -> Option<Mutant> {
    valid.assigns("spark").then(|| at_end(valid, statements, wrong))?
}
