//! What the program reads. Rules `R018` and `R024`.

use enginehouse_pycheck::{
    Call, Program, Ranged, TextRange, Value,
    libraries::{self, Touched},
    paths::{Fit, fit, output},
    report,
};
use enginehouse_sdk::{Finding, Task};

use super::{
    methods::{OTHER_READERS, READER},
    paths::places,
};

/// What keeps the rows few.
pub(super) const BOUNDS: &[&str] = &[
    "limit",
    "take",
    "take_batch",
    "groupby",
    "aggregate",
    "unique",
    "count",
    "sum",
    "min",
    "max",
    "mean",
    "std",
    "summary",
    "random_sample",
];

enum What {
    Path(Value),
    /// A database or a service.
    Elsewhere,
}

pub(super) fn check(task: &Task, program: &Program<'_>) -> Vec<Finding> {
    let places = places(task);
    let uris = || places.iter().map(|(uri, _)| uri.as_str());
    let given = uris().map(|uri| format!("`{uri}`")).collect::<Vec<_>>().join(", ");
    let hint = if given.is_empty() { "read nothing: no source was given".to_owned() } else { format!("read {given}") };
    let mut findings = Vec::new();
    let mut reads: Vec<Value> = Vec::new();
    for (range, what) in program.calls().iter().flat_map(|call| of_call(program, call)) {
        let span = program.span(&range);
        let What::Path(value) = what else {
            let message = "a database or a service is read that is none of the given sources";
            findings.push(report::error("R024", span, message, &hint));
            continue;
        };
        if output(task, &value) != Fit::Yes {
            match fit(&value, uris()) {
                Fit::Yes => {}
                Fit::No => {
                    let message = format!("`{}` is read, which is none of the given sources", value.display());
                    findings.push(report::error("R024", span, message, &hint));
                }
                Fit::Unknown => {
                    let message = "what is read here cannot be told from the code";
                    findings.push(report::note("R024", span, message, &hint));
                }
            }
        }
        reads.push(value);
    }
    let missing: Vec<&(String, String)> =
        places.iter().filter(|(uri, _)| !reads.iter().any(|value| fit(value, [uri.as_str()]) != Fit::No)).collect();
    let none = missing.len() == task.sources.len();
    findings.extend(missing.into_iter().map(|(uri, name)| {
        let message = format!("the given source `{}` is not read", report::quote(name));
        let hint = format!("read it with `ray.data`, from exactly `{uri}`");
        if none { report::error("R018", None, message, hint) } else { report::warning("R018", None, message, hint) }
    }));
    findings
}

fn of_call<'a>(program: &Program<'a>, call: &Call<'a>) -> Vec<(TextRange, What)> {
    let range = call.node.range();
    let mut found = Vec::new();
    for chain in call.chains.iter() {
        if call.own(chain).is_none() {
            continue;
        }
        let path = chain.path().unwrap_or_default();
        let reader = path.strip_prefix(READER).filter(|_| call.called(chain).is_some_and(|name| path.ends_with(name)));
        if let Some(reader) = reader {
            if OTHER_READERS.contains(&reader) && reader != "datasource" {
                found.push((range, What::Elsewhere));
            } else {
                let paths = call.argument(0, "paths").or_else(|| call.argument(0, "path"));
                let paths = paths.map_or_else(|| vec![Value::unknown()], |paths| program.texts_within(paths));
                found.extend(paths.into_iter().map(|path| (range, What::Path(path))));
            }
        } else {
            match libraries::reads(program, call, chain) {
                Some(Touched::Paths(paths)) => {
                    found.extend(paths.into_iter().map(|path| (range, What::Path(path))));
                }
                Some(Touched::Table) => found.push((range, What::Elsewhere)),
                None => {}
            }
        }
    }
    found
}
