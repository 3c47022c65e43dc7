//! What is made wrong, by the rule that must find it.

mod contract;
mod language;
mod safety;
mod start;

use enginehouse_corpus::{
    Mutant, Mutation, Valid,
    mutations::{Beside, at_end, common},
};

/// What may rightly speak up beside a common rule.
const BESIDE: Beside = Beside { read: &["P002", "P003"], written: &["P026"], deeds: &["C010", "X103", "X107", "X115"] };

/// All of them.
pub(crate) fn all() -> Vec<Mutation> {
    let own = [start::all(), safety::all(), contract::all(), language::all()];
    own.into_iter().flatten().chain(common(BESIDE)).collect()
}

/// Statements at the end of a program that has its session at hand as `spark`.
fn with_spark(valid: &Valid, statements: &str, wrong: &str) -> Option<Mutant> {
    valid.assigns("spark").then(|| at_end(valid, statements, wrong))?
}

/// The name under which the program knows `pyspark.sql.functions`.
fn functions(valid: &Valid) -> Option<&str> {
    ["F", "f", "func"].into_iter().find(|name| {
        valid.code.lines().any(|line| {
            line.starts_with(['f', 'i']) && (line.ends_with(&format!("functions as {name}")) && line.contains("import"))
        })
    })
}
