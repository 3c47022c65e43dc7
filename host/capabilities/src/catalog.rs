//! The table catalog.

use std::fmt;

use async_trait::async_trait;

use crate::{Error, ObjectUri, Result};

/// One column, under the name that its catalog or header gives it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Column {
    /// At most 256 bytes.
    pub name: String,
    /// The catalog's own type name (`bigint`, `decimal(10,2)`); none when unknown.
    pub data_type: Option<String>,
    /// What people wrote about it.
    pub comment: Option<String>,
}

/// What kind of relation a table is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum RelationKind {
    /// Rows that lie somewhere.
    #[default]
    Table,
    /// A query under a name.
    View,
    /// Something else.
    Other,
}

/// A table of the catalog.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// Lower case, as Hive has it.
    pub database: String,
    /// Lower case.
    pub name: String,
    /// Table, view or else.
    pub kind: RelationKind,
    /// Where its objects lie.
    pub location: Option<ObjectUri>,
    /// `csv`, `parquet` or `json`; of a catalog that others keep also `orc`, `avro`, `iceberg`, or its own name for it.
    pub format: Option<String>,
    /// All columns but the partition keys.
    pub columns: Vec<Column>,
    /// In the order of the directories.
    pub partition_keys: Vec<Column>,
    /// How to read it: `header`, `delimiter`, `quote`, `escape`, `encoding`, `nullValue`.
    pub properties: Vec<(String, String)>,
}

/// One page of names.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Names {
    /// In order, at most 100.
    pub names: Vec<String>,
    /// Hand it back to get the next page; none on the last.
    pub next: Option<String>,
}

/// Databases and tables. Names are compared in lower case. `NotFound` names the database or table that is missing.
#[async_trait]
pub trait Catalog: Send + Sync + fmt::Debug + fmt::Display {
    /// The databases, one page.
    async fn databases(&self, after: Option<&str>) -> Result<Names>;

    /// The tables of one database, one page.
    async fn tables(&self, database: &str, after: Option<&str>) -> Result<Names>;

    /// One table with every column and partition key.
    async fn table(&self, database: &str, name: &str) -> Result<Table>;

    /// Registers a table, and its database where that is missing; replaces a table of the same name.
    ///
    /// # Errors
    /// [`Error::Denied`] on a catalog that others keep.
    async fn register(&self, _table: Table) -> Result<()> {
        Err(Error::Denied(format!("{self} is read-only here; register tables where it is kept")))
    }

    /// Forgets a table; its objects stay. None there is no error.
    ///
    /// # Errors
    /// [`Error::Denied`] on a catalog that others keep.
    async fn forget(&self, _database: &str, _name: &str) -> Result<()> {
        Err(Error::Denied(format!("{self} is read-only here; drop tables where it is kept")))
    }
}
