//! What the program reads. Rules `R017`, `R018` and `R024`.

use enginehouse_pycheck::{
    Call, Program, Ranged, TextRange, Value,
    libraries::{self, Touched},
    paths::{Fit, fit, output},
    report,
};
use enginehouse_sdk::{Finding, Task};

use super::paths::places;

const READER: &str = "ray.data.read_";
/// Readers of files: the first argument says which.
const FILES: &[&str] = &[
    "audio",
    "avro",
    "binary_files",
    "csv",
    "delta",
    "hudi",
    "images",
    "json",
    "lance",
    "mcap",
    "numpy",
    "orc",
    "parquet",
    "text",
    "tfrecords",
    "videos",
    "webdataset",
    "zarr",
];
/// Readers of anything else.
const OTHERS: &[&str] = &[
    "bigquery",
    "clickhouse",
    "databricks_tables",
    "datasource",
    "delta_sharing_tables",
    "iceberg",
    "kafka",
    "lerobot",
    "mongo",
    "snowflake",
    "sql",
    "unity_catalog",
];
/// What keeps the rows few.
const BOUNDS: &[&str] = &[
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
    findings.extend(program.calls().iter().filter_map(|call| misused(program, call)));
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
            if OTHERS.contains(&reader) && reader != "datasource" {
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

/// Readers that do not exist, and all rows taken into the program.
fn misused(program: &Program<'_>, call: &Call<'_>) -> Option<Finding> {
    let span = program.span(call.node);
    for chain in call.chains.iter() {
        let path = chain.path().unwrap_or_default();
        let Some(reader) = path.strip_prefix(READER) else { continue };
        if !reader.contains('.') && !FILES.contains(&reader) && !OTHERS.contains(&reader) {
            let message = format!("`ray.data.read_{}` does not exist", report::quote(reader));
            return Some(report::error(
                "R017",
                span,
                message,
                "use `ray.data.read_csv`, `read_parquet` or `read_text`",
            ));
        }
        let name = call.called(chain).filter(|name| matches!(*name, "take_all" | "to_pandas"));
        let few = BOUNDS.iter().any(|bound| chain.has(bound)) || call.argument(0, "limit").is_some();
        if let Some(name) = name.filter(|_| !few) {
            let message = format!("`{name}()` brings all rows into the program");
            return Some(report::warning("R017", span, message, "write the dataset out, or call `.limit(n)` first"));
        }
    }
    None
}
