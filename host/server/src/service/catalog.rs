//! The table catalog for callers.

use enginehouse_capabilities::{Names, Table};

use super::{Error, Result, inspect, objects};
use crate::app::App;

/// The databases, one page.
pub async fn databases(app: &App, after: Option<&str>) -> Result<Names> {
    Ok(app.catalog.databases(after).await?)
}

/// The tables of a database, one page.
pub async fn tables(app: &App, database: &str, after: Option<&str>) -> Result<Names> {
    Ok(app.catalog.tables(database, after).await?)
}

/// One table.
pub async fn table(app: &App, database: &str, name: &str) -> Result<Table> {
    Ok(app.catalog.table(database, name).await?)
}

/// Registers a table over objects that are there; columns that are not told are read from them.
///
/// # Errors
/// [`Error::NotFound`] where nothing lies at the location.
pub async fn register(app: &App, owner: &str, mut table: Table) -> Result<Table> {
    let Some(location) = table.location.clone() else {
        return Err(Error::Invalid("a table needs a `location`: s3://bucket/prefix/".to_owned()));
    };
    objects::visible(app, owner, &location).await?;
    let property = |name: &str| table.properties.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone());
    let hints = inspect::Hints {
        format: table.format.clone(),
        header: property("header").map(|value| value == "true"),
        delimiter: property("delimiter").and_then(|value| value.chars().next()),
    };
    let found = inspect::object(app.objects.as_ref(), &location, &hints).await?;
    table.format = found.format;
    if table.columns.is_empty() {
        let column = |c: enginehouse_runtime::Column| enginehouse_capabilities::Column {
            name: c.name,
            data_type: c.data_type,
            comment: c.comment,
        };
        table.columns = found.columns.into_iter().map(column).collect();
    }
    if table.properties.is_empty() {
        table.properties = found.properties;
    }
    let (database, name) = (table.database.clone(), table.name.clone());
    app.catalog.register(table).await?;
    Ok(app.catalog.table(&database, &name).await?)
}

/// Forgets a table; its objects stay.
pub async fn forget(app: &App, database: &str, name: &str) -> Result<()> {
    Ok(app.catalog.forget(database, name).await?)
}
