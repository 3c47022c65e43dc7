//! `/v1/catalog`.

use std::collections::BTreeMap;

use axum::{Json, http::StatusCode};
use enginehouse_capabilities::{Column, Names, RelationKind, Table};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{
    Answer, AppState,
    body::{self, Path, Query},
    caller::Caller,
    views::ColumnView,
};
use crate::service::{self, catalog};

/// One page of names.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct NamesView {
    names: Vec<String>,
    /// The `after` of the next page; none on the last.
    next: Option<String>,
}

impl From<Names> for NamesView {
    fn from(page: Names) -> Self {
        Self { names: page.names, next: page.next }
    }
}

/// Where a page begins.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(super) struct PageQuery {
    after: Option<String>,
}

/// What a table is over.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewTable {
    /// `s3://bucket/prefix/`.
    location: String,
    /// `csv`, `parquet` or `json`; detected where it is missing.
    format: Option<String>,
    /// Read from the objects where they are missing.
    #[serde(default)]
    columns: Vec<ColumnView>,
    /// In the order of the directories.
    #[serde(default)]
    partition_keys: Vec<ColumnView>,
    /// `header`, `delimiter`.
    #[serde(default)]
    properties: BTreeMap<String, String>,
}

/// A table of the catalog.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct TableView {
    database: String,
    name: String,
    location: Option<String>,
    format: Option<String>,
    columns: Vec<ColumnView>,
    partition_keys: Vec<ColumnView>,
    properties: BTreeMap<String, String>,
}

impl From<Table> for TableView {
    fn from(table: Table) -> Self {
        let columns = |columns: Vec<Column>| {
            columns.into_iter().map(|c| ColumnView { name: c.name, data_type: c.data_type }).collect()
        };
        Self {
            database: table.database,
            name: table.name,
            location: table.location.map(|uri| uri.to_string()),
            format: table.format,
            columns: columns(table.columns),
            partition_keys: columns(table.partition_keys),
            properties: table.properties.into_iter().collect(),
        }
    }
}

/// The databases.
#[utoipa::path(get, path = "/v1/catalog", params(PageQuery), responses((status = 200, body = NamesView)))]
pub(super) async fn databases(app: AppState, Query(page): Query<PageQuery>) -> Answer<Json<NamesView>> {
    Ok(Json(catalog::databases(&app, page.after.as_deref()).await?.into()))
}

/// The tables of a database.
#[utoipa::path(get, path = "/v1/catalog/{database}", params(PageQuery), responses((status = 200, body = NamesView)))]
pub(super) async fn tables(
    app: AppState,
    Path(database): Path<String>,
    Query(page): Query<PageQuery>,
) -> Answer<Json<NamesView>> {
    Ok(Json(catalog::tables(&app, &database, page.after.as_deref()).await?.into()))
}

/// One table with every column.
#[utoipa::path(get, path = "/v1/catalog/{database}/{table}", responses((status = 200, body = TableView)))]
pub(super) async fn show(app: AppState, Path((database, name)): Path<(String, String)>) -> Answer<Json<TableView>> {
    Ok(Json(catalog::table(&app, &database, &name).await?.into()))
}

/// Registers a table over objects, where the catalog is our own.
#[utoipa::path(
    put, path = "/v1/catalog/{database}/{table}", request_body = NewTable, responses((status = 200, body = TableView))
)]
pub(super) async fn register(
    app: AppState,
    Caller(owner): Caller,
    Path((database, name)): Path<(String, String)>,
    body::Json(asked): body::Json<NewTable>,
) -> Answer<Json<TableView>> {
    let columns = |columns: Vec<ColumnView>| {
        columns.into_iter().map(|c| Column { name: c.name, data_type: c.data_type, comment: None }).collect()
    };
    let table = Table {
        database,
        name,
        kind: RelationKind::Table,
        location: Some(asked.location.parse().map_err(service::Error::from)?),
        format: asked.format,
        columns: columns(asked.columns),
        partition_keys: columns(asked.partition_keys),
        properties: asked.properties.into_iter().collect(),
    };
    Ok(Json(catalog::register(&app, &owner, table).await?.into()))
}

/// Forgets a table; its objects stay.
#[utoipa::path(delete, path = "/v1/catalog/{database}/{table}", responses((status = 204)))]
pub(super) async fn forget(app: AppState, Path((database, name)): Path<(String, String)>) -> Answer<StatusCode> {
    catalog::forget(&app, &database, &name).await?;
    Ok(StatusCode::NO_CONTENT)
}
