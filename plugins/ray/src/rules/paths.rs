//! Where the files of a task's sources lie.

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
