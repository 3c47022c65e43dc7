//! Tasks and attempts for the tests of plugins: what no test is about is here once.

use crate::{Attempt, Column, ObjectSource, Place, RelationKind, Source, TableSource, Task};

/// A task for the platform `local`.
pub fn task(prompt: &str, sources: Vec<Source>) -> Task {
    Task {
        prompt: prompt.to_owned(),
        sources,
        output: None,
        platform: Some("local".to_owned()),
        places: Vec::new(),
        options: Vec::new(),
    }
}

/// The first attempt of a run on a platform, with a minute's time.
pub fn attempt(platform: &str) -> Attempt {
    Attempt {
        token: "r00000000000000000000000000000000-1".to_owned(),
        output: "s3://enginehouse/runs/1/1/output/".to_owned(),
        scratch: "s3://enginehouse/runs/1/1/scratch/".to_owned(),
        place: Place { platform: platform.to_owned(), target: platform.to_owned() },
        timeout_seconds: 60,
    }
}

/// CSV files with these columns.
pub fn csv(uri: &str, of: &[(&str, &str)]) -> ObjectSource {
    ObjectSource {
        uri: uri.to_owned(),
        format: Some("csv".to_owned()),
        bytes: None,
        columns: columns(of),
        properties: Vec::new(),
        sample: None,
    }
}

/// A table of the catalog with these columns, without a place of its own.
pub fn table(database: &str, name: &str, of: &[(&str, &str)]) -> TableSource {
    TableSource {
        database: database.to_owned(),
        name: name.to_owned(),
        kind: RelationKind::Table,
        location: None,
        format: None,
        columns: columns(of),
        partition_keys: Vec::new(),
        properties: Vec::new(),
    }
}

/// Columns by name and type; an unknown type is empty.
pub fn columns(of: &[(&str, &str)]) -> Vec<Column> {
    let column = |(name, kind): &(&str, &str)| Column {
        name: (*name).to_owned(),
        data_type: (!kind.is_empty()).then(|| (*kind).to_owned()),
        comment: None,
    };
    of.iter().map(column).collect()
}
