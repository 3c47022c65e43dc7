//! How CSV files are read. Rule `P022`.

use enginehouse_pycheck::{
    Call, Program,
    paths::{self, Fit},
    report,
};
use enginehouse_sdk::{Finding, ObjectSource, Source, Task};

use super::hops::{after, flag, may_be_spark, method_texts, option};

/// From here on, reading everything twice takes long, in bytes.
const LARGE: u64 = 1 << 30;
const BETWEEN: &[&str] = &["option", "options", "format", "schema"];

pub(super) fn check(task: &Task, program: &Program<'_>) -> Vec<Finding> {
    program.calls().iter().filter_map(|call| of_call(task, program, call)).collect()
}

fn of_call<'a>(task: &Task, program: &Program<'a>, call: &Call<'a>) -> Option<Finding> {
    let [chain] = call.chains.as_ref() else { return None };
    if !may_be_spark(chain) {
        return None;
    }
    let hops = after(chain, "read", BETWEEN, |name| matches!(name, "csv" | "load"))?;
    let format = method_texts(program, &hops, "format", 0, "source");
    let csv =
        hops.last()?.name == "csv" || format.is_some_and(|formats| formats.iter().all(|f| f.known() == Some("csv")));
    let path = call.argument(0, "path").or_else(|| option(program, &hops, "path"))?;
    let source = source(task, program.texts(path).first()?)?;
    if !csv || call.spreads() {
        return None;
    }
    let schema = hops.iter().any(|hop| hop.name == "schema")
        || call.argument(usize::MAX, "schema").is_some()
        || call.node.arguments.args.len() > 1;
    let span = program.span(call.node);
    let has_header = source.properties.iter().any(|(name, value)| name == "header" && value == "true");
    let options = hops.iter().any(|hop| hop.name == "options");
    if has_header && !options && !flag(program, &hops, call.node, "header") {
        // Something is said of it that cannot be told, or that it is not wanted.
        let said = call.argument(usize::MAX, "header").or_else(|| option(program, &hops, "header"));
        if said.is_none() {
            let message = "the file has a header, which is read as a row";
            return Some(report::warning("P022", span, message, "add `.option(\"header\", True)`"));
        }
    }
    let large = source.bytes.is_some_and(|bytes| bytes >= LARGE);
    (large && !schema && flag(program, &hops, call.node, "inferSchema")).then(|| {
        let message = "the types are inferred, for which the whole file is read once more";
        report::warning("P022", span, message, "name the types: `.schema(\"region string, amount double\")`")
    })
}

fn source<'t>(task: &'t Task, path: &enginehouse_pycheck::Value) -> Option<&'t ObjectSource> {
    task.sources.iter().find_map(|source| match source {
        Source::Objects(objects) if paths::fit(path, [objects.uri.as_str()]) == Fit::Yes => Some(objects),
        _ => None,
    })
}
