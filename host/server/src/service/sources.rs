//! From what a caller names to what a plugin sees.

use enginehouse_capabilities::{Catalog, ObjectUri, Objects, RelationKind, Table};
use enginehouse_runtime as runtime;
use enginehouse_runtime::{Column, Source, TableSource};

use super::{Error, Result, inspect, objects};
use crate::{app::App, store::SourceRef};

/// The contract's limit on sources.
const MAX_SOURCES: usize = 64;

/// Looks up everything that is named: a snapshot, the same for the whole run.
///
/// # Errors
/// [`Error::NotFound`] names the object or table that is missing and how to bring it; [`Error::Invalid`] what cannot be a
/// source.
pub async fn resolve(app: &App, owner: &str, named: &[SourceRef]) -> Result<Vec<Source>> {
    if named.len() > MAX_SOURCES {
        return Err(Error::Invalid(format!("a request has at most {MAX_SOURCES} sources")));
    }
    let mut sources = Vec::with_capacity(named.len());
    for source in named {
        sources.push(match source {
            SourceRef::Object { uri, format, properties } => {
                objects::visible(app, owner, &uri.parse()?).await?;
                let hints = hints(format.clone(), properties)?;
                Source::Objects(object(app, uri, &hints, !properties.is_empty() || format.is_some()).await?)
            }
            SourceRef::Table { table } => {
                let table = table_source(app.catalog.as_ref(), table).await?;
                if let Some(location) = &table.location {
                    objects::visible(app, owner, &location.parse()?).await?;
                }
                Source::Table(table)
            }
        });
    }
    Ok(sources)
}

fn hints(format: Option<String>, properties: &std::collections::BTreeMap<String, String>) -> Result<inspect::Hints> {
    let mut hints = inspect::Hints { format, ..inspect::Hints::default() };
    for (name, value) in properties {
        hints.tell(name, value)?;
    }
    Ok(hints)
}

async fn object(app: &App, uri: &str, hints: &inspect::Hints, told: bool) -> Result<runtime::ObjectSource> {
    let place: ObjectUri = uri.parse()?;
    if !told && let Some(known) = app.store.upload(&place.to_string()).await? {
        return Ok(known);
    }
    let objects: &dyn Objects = app.objects.as_ref();
    match inspect::object(objects, &place, hints).await {
        Err(Error::Capability(enginehouse_capabilities::Error::NotFound(_))) => Err(Error::NotFound(format!(
            "there is no object {place}: upload it with POST /v1/uploads or PUT /v1/objects, or name another"
        ))),
        other => other,
    }
}

async fn table_source(catalog: &dyn Catalog, name: &str) -> Result<TableSource> {
    let Some((database, table)) = name.split_once('.') else {
        return Err(Error::Invalid(format!("`{name}` is no table: write `database.table`")));
    };
    match catalog.table(database, table).await {
        Ok(table) => Ok(from_catalog(table)),
        Err(enginehouse_capabilities::Error::NotFound(_)) => Err(Error::NotFound(format!(
            "the catalog has no table `{name}`: register it with PUT /v1/catalog/{database}/{table}, or name another"
        ))),
        Err(error) => Err(error.into()),
    }
}

/// A table as plugins see it.
pub fn from_catalog(table: Table) -> TableSource {
    let columns = |columns: Vec<enginehouse_capabilities::Column>| {
        let column =
            |c: enginehouse_capabilities::Column| Column { name: c.name, data_type: c.data_type, comment: c.comment };
        columns.into_iter().map(column).collect()
    };
    TableSource {
        database: table.database,
        name: table.name,
        kind: match table.kind {
            RelationKind::Table => runtime::RelationKind::Table,
            RelationKind::View => runtime::RelationKind::View,
            RelationKind::Other => runtime::RelationKind::Other,
        },
        location: table.location.map(|uri| uri.to_string()),
        format: table.format,
        columns: columns(table.columns),
        partition_keys: columns(table.partition_keys),
        properties: table.properties,
    }
}

/// The places in the object store that a task's sources stand for.
pub fn inputs(sources: &[Source]) -> Vec<ObjectUri> {
    let uri = |source: &Source| match source {
        Source::Objects(object) => object.uri.parse().ok(),
        Source::Table(table) => table.location.as_deref().and_then(|uri| uri.parse().ok()),
        Source::Relation(_) => None,
    };
    sources.iter().filter_map(uri).collect()
}
