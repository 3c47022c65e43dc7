//! The tables that a run's program wrote.

use std::sync::Arc;

use enginehouse_runtime::Table;
use uuid::Uuid;

use super::{Error, Result, places::DOWNLOADS, runs};
use crate::{
    app::App,
    results::{self, Download, Format, Output, Page, ResultTable, read_page},
    store::{RunRow, RunState},
};

/// The name and rows of one of a run's tables, from `offset` on; without a name, of the first.
///
/// # Errors
/// [`Error::Conflict`] while the run goes on, [`Error::NotFound`] where it has no such table.
pub async fn page(app: &App, id: Uuid, table: Option<&str>, offset: u64, limit: usize) -> Result<(String, Page)> {
    let row = runs::get(app, id).await?;
    page_of(app, &row, table, offset, limit).await
}

/// The same of a run that is at hand.
pub async fn page_of(
    app: &App,
    row: &RunRow,
    table: Option<&str>,
    offset: u64,
    limit: usize,
) -> Result<(String, Page)> {
    let table = table_of(row, table)?;
    let page = read_page(app.objects.as_ref(), &table, offset, limit).await?;
    Ok((table.name, page))
}

/// The name of one of a run's tables and all of its rows, in the format that is asked for; without a name, the first.
///
/// # Errors
/// As for [`page`], before anything was handed out; [`Error::Busy`] where too many are being downloaded.
pub async fn download(app: &App, id: Uuid, table: Option<&str>, output: Output) -> Result<(String, Download)> {
    let table = table_of(&runs::get(app, id).await?, table)?;
    let place = DOWNLOADS.take()?;
    let Download { bytes, body } = results::download(Arc::clone(&app.objects), &table, output).await?;
    Ok((table.name, Download { bytes, body: place.hold(body) }))
}

fn table_of(row: &RunRow, table: Option<&str>) -> Result<ResultTable> {
    let id = row.id;
    if !row.state.is_final() {
        return Err(Error::Conflict(format!("the run {id} is {}: its results come when it has ended", row.state)));
    }
    if row.state != RunState::Succeeded {
        return Err(Error::NotFound(format!("the run {id} ended as {}: it has no results", row.state)));
    }
    let tables = row.outcome.as_ref().map(|outcome| outcome.tables.as_slice()).unwrap_or_default();
    let found = match table {
        Some(name) => tables.iter().find(|table| table.name == name),
        None => tables.first(),
    };
    let Some(found) = found else {
        let names: Vec<_> = tables.iter().map(|table| table.name.as_str()).collect();
        return Err(Error::NotFound(match (table, names.is_empty()) {
            (Some(name), false) => format!("the run {id} has no table `{name}`; it has {}", names.join(", ")),
            _ => format!("the run {id} wrote no table; see its log"),
        }));
    };
    readable(found)
}

fn readable(table: &Table) -> Result<ResultTable> {
    let format = match table.format.as_str() {
        "csv" => Format::Csv,
        "parquet" => Format::Parquet,
        "json" => Format::Json,
        other => {
            return Err(Error::Unsupported(format!("the table `{}` has the unknown format `{other}`", table.name)));
        }
    };
    let escape = table.escape.and_then(|escape| u8::try_from(escape).ok());
    let uris = table.uris.iter().map(|uri| uri.parse()).collect::<Result<_, enginehouse_capabilities::Error>>()?;
    Ok(ResultTable { name: table.name.clone(), format, header: table.header, escape, uris })
}
