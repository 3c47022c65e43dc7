//! How a source is read.

use std::collections::HashSet;

use enginehouse_sdk::{ObjectSource, Source};

use crate::{
    csv::Csv,
    scope,
    text::{data_type, identifier, literal},
};

/// What a chain starts with, and the calls after it.
pub(super) fn calls(source: &Source) -> (&'static str, Vec<String>) {
    match source {
        Source::Table(table) => {
            let name = format!("{}.{}", part(&table.database), part(&table.name));
            ("spark", vec![format!(".table({})", literal(&name))])
        }
        // `plan` refuses relations: nothing to read here.
        Source::Relation(_) => ("spark", Vec::new()),
        Source::Objects(objects) => ("spark.read", objects_calls(objects)),
    }
}

/// Whether Spark needs telling that two of the columns are not one.
pub(super) fn differs_only_in_case(source: &Source) -> bool {
    let mut seen = HashSet::new();
    !scope::columns(source).iter().all(|column| seen.insert(column.name.to_lowercase()))
}

fn objects_calls(source: &ObjectSource) -> Vec<String> {
    let uri = literal(&source.uri);
    match scope::format(source) {
        Some("csv") => {}
        Some(format) => return vec![format!(".{format}({uri})")],
        None => return vec![format!(".load({uri})")],
    }
    let csv = Csv::of_objects(source);
    let mut calls = vec![format!(".option(\"header\", {})", if csv.header { "True" } else { "False" })];
    let given = [("sep", csv.delimiter, ","), ("encoding", csv.encoding, "utf-8"), ("quote", csv.quote, "\"")];
    for (option, value, default) in given {
        if let Some(value) = value.filter(|value| !value.eq_ignore_ascii_case(default)) {
            calls.push(format!(".option(\"{option}\", {})", literal(value)));
        }
    }
    // Spark's own default is a backslash.
    if let Some(escape) = csv.escape.filter(|escape| *escape != "\\") {
        calls.push(format!(".option(\"escape\", {})", literal(escape)));
    }
    if csv.multiline {
        calls.push(".option(\"multiLine\", True)".to_owned());
    }
    match schema(source) {
        // A cell that does not fit its type must stop the program: Spark would read it as null and leave it out of a sum.
        Some(schema) => {
            calls.extend([".option(\"mode\", \"FAILFAST\")".to_owned(), format!(".schema({})", literal(&schema))])
        }
        None => calls.push(".option(\"inferSchema\", True)".to_owned()),
    }
    calls.push(format!(".csv({uri})"));
    if !csv.header && schema(source).is_none() && !source.columns.is_empty() {
        let names: Vec<String> = source.columns.iter().map(|column| literal(&column.name)).collect();
        calls.push(format!(".toDF({})", names.join(", ")));
    }
    calls
}

/// The columns as Spark declares them; none where a type is not known or cannot stand in a CSV file.
fn schema(source: &ObjectSource) -> Option<String> {
    let columns: Option<Vec<String>> = source
        .columns
        .iter()
        .map(|column| {
            let kind =
                data_type(column.data_type.as_deref()?).filter(|kind| !kind.contains('<') && kind != "binary")?;
            let name = if is_plain(&column.name) { column.name.clone() } else { identifier(&column.name) };
            Some(format!("{name} {kind}"))
        })
        .collect();
    columns.filter(|columns| !columns.is_empty()).map(|columns| columns.join(", "))
}

fn part(name: &str) -> String {
    if is_plain(name) { name.to_owned() } else { identifier(name) }
}

/// A name that needs no backticks and is no word of Spark's own.
fn is_plain(name: &str) -> bool {
    const RESERVED: &[&str] = &[
        "all",
        "and",
        "anti",
        "any",
        "as",
        "by",
        "case",
        "cast",
        "check",
        "column",
        "create",
        "cross",
        "current",
        "date",
        "day",
        "distinct",
        "else",
        "end",
        "except",
        "false",
        "for",
        "from",
        "full",
        "generated",
        "group",
        "having",
        "hour",
        "in",
        "inner",
        "intersect",
        "into",
        "is",
        "join",
        "left",
        "like",
        "minus",
        "minute",
        "month",
        "natural",
        "not",
        "null",
        "on",
        "or",
        "order",
        "outer",
        "primary",
        "right",
        "second",
        "select",
        "semi",
        "table",
        "then",
        "time",
        "timestamp",
        "to",
        "true",
        "union",
        "unique",
        "user",
        "using",
        "values",
        "when",
        "where",
        "with",
        "year",
        "interval",
    ];
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        && !RESERVED.contains(&name.to_ascii_lowercase().as_str())
}
