//! What the program reads. Rules `R018` and `R024`.

use std::collections::BTreeSet;

use enginehouse_pycheck::{
    Call, OUTPUT_PATH, Program, Ranged, Value,
    libraries::{self, Touched},
    paths::{Fit, fit, output},
    report,
};
use enginehouse_sdk::{Finding, Task};

use super::{
    cluster::within,
    methods::{OTHER_READERS, READER},
    paths::{judged, places, with_scheme},
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

/// What opens a file by a path, for whatever reads from it then.
const STREAMS: &[&str] = &["open_input_stream", "open_input_file", "from_uri", "get_file_info"];

enum What {
    Paths(Vec<Value>),
    /// A database or a service.
    Elsewhere,
}

pub(super) fn check(task: &Task, program: &Program<'_>) -> Vec<Finding> {
    let places = places(task);
    let uris = || places.iter().map(|(uri, _)| uri.as_str());
    let given = uris().map(|uri| format!("`{uri}`")).collect::<Vec<_>>().join(", ");
    let hint = if given.is_empty() { "read nothing: no source was given".to_owned() } else { format!("read {given}") };
    let fits = |value: &Value| match output(task, value) {
        Fit::Yes => Fit::Yes,
        _ => fit(value, uris()),
    };
    let mut findings = Vec::new();
    let mut reads: Vec<Value> = Vec::new();
    for (call, what) in program.calls().iter().flat_map(|call| of_call(program, call)) {
        let span = program.span(call.node);
        let What::Paths(values) = what else {
            let message = "a database or a service is read that is none of the given sources";
            findings.push(report::error("R024", span, message, &hint));
            continue;
        };
        let values: Vec<Value> = values.into_iter().map(|value| with_scheme(call, value, fits)).collect();
        reads.extend(values.iter().filter(|value| value.after_env(OUTPUT_PATH).is_none()).cloned());
        for (value, fit) in judged(program, call, values, fits) {
            match fit {
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
    }
    let missing: Vec<&(String, String)> =
        places.iter().filter(|(uri, _)| !reads.iter().any(|value| fit(value, [uri.as_str()]) != Fit::No)).collect();
    let none = missing.len() == task.sources.len() && !is_indirect(task, program);
    findings.extend(missing.into_iter().map(|(uri, name)| {
        let message = format!("the given source `{}` is not read", report::quote(name));
        let hint = format!("read it with `ray.data`, from exactly `{uri}`");
        if none { report::error("R018", None, message, hint) } else { report::warning("R018", None, message, hint) }
    }));
    findings
}

/// Whether something may be read by a way that is not followed: a reader that is handed on or found by its name, a stream.
fn is_indirect(task: &Task, program: &Program<'_>) -> bool {
    let called: BTreeSet<_> = program.calls().iter().map(|call| call.node.func.end()).collect();
    let handed_on = program.references().filter(|expr| !called.contains(&expr.end())).any(|expr| {
        program.chains(expr).iter().any(|chain| chain.pure_path().is_some_and(|path| path.contains(".read_")))
    });
    handed_on || program.calls().iter().any(|call| opens(task, program, call) || finds(program, call))
}

/// `filesystem.open_input_stream(…)` and `FileSystem.from_uri(…)`, but of the output.
fn opens<'a>(task: &Task, program: &Program<'a>, call: &Call<'a>) -> bool {
    let named = call.chains.iter().filter_map(|chain| call.called(chain)).any(|name| STREAMS.contains(&name));
    let written = |path| program.texts(path).iter().all(|value| output(task, value) == Fit::Yes);
    named && !call.node.arguments.args.first().is_some_and(written)
}

/// `getattr(ray.data, name)`, with a name that is made at run time.
fn finds<'a>(program: &Program<'a>, call: &Call<'a>) -> bool {
    let getattr = call.callee.iter().any(|chain| chain.pure_path() == Some("builtins.getattr"));
    let [module, name, ..] = call.node.arguments.args.as_ref() else { return false };
    let reads = |path: &str| within(path, &["ray.data", "pandas", "pyarrow"]);
    getattr
        && program.chains(module).iter().any(|chain| chain.pure_path().is_some_and(reads))
        && program.texts(name).iter().any(|name| name.known().is_none())
}

fn of_call<'p, 'a>(program: &Program<'a>, call: &'p Call<'a>) -> Vec<(&'p Call<'a>, What)> {
    let mut found = Vec::new();
    for chain in call.chains.iter() {
        if call.own(chain).is_none() {
            continue;
        }
        let path = chain.path().unwrap_or_default();
        let reader = path.strip_prefix(READER).filter(|_| call.called(chain).is_some_and(|name| path.ends_with(name)));
        let what = if let Some(reader) = reader {
            if OTHER_READERS.contains(&reader) && reader != "datasource" {
                Some(What::Elsewhere)
            } else {
                let paths = call.argument(0, "paths").or_else(|| call.argument(0, "path"));
                Some(What::Paths(paths.map_or_else(|| vec![Value::unknown()], |paths| program.texts_within(paths))))
            }
        } else {
            libraries::reads(program, call, chain).map(|touched| match touched {
                Touched::Paths(paths) => What::Paths(paths),
                Touched::Table => What::Elsewhere,
            })
        };
        found.extend(what.map(|what| (call, what)));
    }
    found
}
