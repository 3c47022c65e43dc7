//! Where the files of a task's sources lie.

use enginehouse_pycheck::{Call, Program, Value, paths::Fit};
use enginehouse_sdk::{RelationKind, Source, TableSource, Task};

/// The prefix of a table's files, where Ray can read them.
pub(super) fn location(table: &TableSource) -> Option<String> {
    let format = table.format.as_deref()?.to_ascii_lowercase();
    let location = table.location.as_deref()?;
    let in_store = ["s3://", "s3a://", "s3n://"].iter().any(|scheme| location.starts_with(scheme));
    let readable = ["csv", "parquet", "json"].contains(&format.as_str());
    (table.kind == RelationKind::Table && in_store && readable).then(|| format!("{}/", location.trim_end_matches('/')))
}

/// The places of a task's sources, each with its source's name in words.
pub(super) fn places(task: &Task) -> Vec<(String, String)> {
    task.sources
        .iter()
        .filter_map(|source| match source {
            Source::Objects(objects) => Some((objects.uri.clone(), objects.uri.clone())),
            Source::Table(table) => Some((location(table)?, format!("{}.{}", table.database, table.name))),
            Source::Relation(_) => None,
        })
        .collect()
}

/// What a call with a file system of its own means by a path, where that fits: there `bucket/key` has no scheme.
pub(super) fn with_scheme(call: &Call<'_>, value: Value, fit: impl Fn(&Value) -> Fit) -> Value {
    let own = call.argument(usize::MAX, "filesystem").is_some_and(|system| !system.is_none_literal_expr());
    if own { of_store(value, fit) } else { value }
}

/// The same for a method of a file system.
pub(super) fn of_store(value: Value, fit: impl Fn(&Value) -> Fit) -> Value {
    let start = value.prefix();
    if start.is_empty() || start.starts_with('/') || start.contains("://") {
        return value;
    }
    let full = Value::text("s3://").then(&value);
    // The file system may itself begin in a folder.
    if fit(&full) == Fit::No { Value::unknown() } else { full }
}

/// The values of a call with how they fit. One that does not beside others that may is left out, unless it is certain: a helper
/// that is called with many things, or a default that is never taken, says nothing.
pub(super) fn judged<'a>(
    program: &Program<'a>,
    call: &Call<'a>,
    values: Vec<Value>,
    fit: impl Fn(&Value) -> Fit,
) -> Vec<(Value, Fit)> {
    let with_fit = |value: Value| {
        let fit = fit(&value);
        (value, fit)
    };
    let mut judged: Vec<(Value, Fit)> = values.into_iter().map(with_fit).collect();
    let misfits = judged.iter().filter(|(_, fit)| *fit == Fit::No).count();
    if misfits == 0 || misfits == judged.len() {
        return judged;
    }
    let arguments = call.node.arguments.args.iter();
    let arguments = arguments.chain(call.node.arguments.keywords.iter().map(|keyword| &keyword.value));
    let choices: Vec<_> = arguments.flat_map(|argument| program.choices(argument)).collect();
    let certain = |value: &Value| choices.iter().any(|choice| matches!(choice.as_ref(), [only] if only == value));
    judged.retain(|(value, fit)| *fit != Fit::No || certain(value));
    judged
}
