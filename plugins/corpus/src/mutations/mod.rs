//! What is made wrong in programs of any engine, by the rule that must find it, and how a plugin makes its own mutations.

mod language;
mod safety;

use enginehouse_sdk::Severity;

use crate::{
    mutation::{Mutant, Mutation},
    program::Valid,
};

/// Rules of an engine's own that may rightly speak up beside a common one.
#[derive(Debug, Clone, Copy)]
pub struct Beside {
    /// Another place than the given one is read.
    pub read: &'static [&'static str],
    /// The output is not the run's.
    pub written: &'static [&'static str],
    /// Some ways to a deed are deeds of their own, and a library that is forbidden is mostly not there either.
    pub deeds: &'static [&'static str],
}

/// Those for the common rules.
pub fn common(beside: Beside) -> Vec<Mutation> {
    [language::all(beside), safety::all(beside)].into_iter().flatten().collect()
}

/// What an error must find.
pub fn error(
    rule: &'static str,
    name: &str,
    companions: &'static [&'static str],
    make: impl Fn(&Valid) -> Option<Mutant> + 'static,
) -> Mutation {
    Mutation { rule, severity: Severity::Error, name: name.to_owned(), companions, deep: false, make: Box::new(make) }
}

/// The same in the program's own steps.
pub fn deep(
    rule: &'static str,
    name: &str,
    companions: &'static [&'static str],
    make: impl Fn(&Valid) -> Option<Mutant> + 'static,
) -> Mutation {
    Mutation { deep: true, ..error(rule, name, companions, make) }
}

/// What a warning must find.
pub fn warning(rule: &'static str, name: &str, make: impl Fn(&Valid) -> Option<Mutant> + 'static) -> Mutation {
    Mutation { severity: Severity::Warning, ..error(rule, name, &[], make) }
}

/// Statements at the end of the program, and what is wrong in them.
pub fn at_end(valid: &Valid, statements: &str, wrong: &str) -> Option<Mutant> {
    Mutant::at(valid.append(statements), wrong)
}

/// The same in a function, which is called.
pub fn in_function(valid: &Valid, statements: &str, wrong: &str) -> Option<Mutant> {
    Mutant::at(valid.append_function(statements), wrong)
}

/// At fault is a text, or one of the calls that do something with what stands in it.
pub fn text_or_calls(code: String, text: &str, calls: &[&str]) -> Option<Mutant> {
    let mut mutant = Mutant::at_any(code, text)?;
    for call in calls {
        mutant.places.extend(mutant.code.match_indices(call).map(|(at, _)| at..at + call.len()));
    }
    Some(mutant)
}

/// As a literal of Python.
pub fn quoted(text: &str) -> String {
    format!("\"{text}\"")
}

/// A place beside another: `s3://a/b.csv` and `s3://a/b_corpus.csv`.
pub fn sibling(uri: &str) -> String {
    let (start, name) = uri.trim_end_matches('/').rsplit_once('/').unwrap_or(("", uri));
    let slash = if uri.ends_with('/') { "/" } else { "" };
    match name.split_once('.') {
        Some((stem, extension)) => format!("{start}/{stem}_corpus.{extension}"),
        None => format!("{start}/{name}_corpus{slash}"),
    }
}
