//! How a table is written down.

use std::collections::HashSet;

use enginehouse_capabilities::{Column, Error, RelationKind, Result, Table};
use serde::{Deserialize, Serialize};

/// The most columns of a table, partition keys included.
const COLUMNS: usize = 10_000;
/// The most bytes of a record.
const BYTES: usize = 4 << 20;

/// All of a table but its name. What is missing in an older record is empty.
#[derive(Serialize, Deserialize)]
#[serde(default)]
#[derive(Default)]
pub(super) struct Record {
    kind: Kind,
    location: Option<String>,
    format: Option<String>,
    columns: Vec<ColumnRecord>,
    partition_keys: Vec<ColumnRecord>,
    properties: Vec<(String, String)>,
}

#[derive(Serialize, Deserialize, Default, Clone, Copy)]
#[serde(rename_all = "lowercase")]
enum Kind {
    #[default]
    Table,
    View,
    Other,
}

#[derive(Serialize, Deserialize)]
struct ColumnRecord {
    name: String,
    #[serde(rename = "type")]
    data_type: Option<String>,
    comment: Option<String>,
}

impl Record {
    /// Takes a table apart; refuses what nobody could read.
    pub(super) fn of(table: Table) -> Result<Self> {
        let invalid = |text: String| Err(Error::Invalid(format!("the table `{}`: {text}", table.name)));
        if let Some(format) = table.format.as_deref().filter(|format| !matches!(*format, "csv" | "parquet" | "json")) {
            return invalid(format!("a format is csv, parquet or json, not {format:?}"));
        }
        if table.columns.len() + table.partition_keys.len() > COLUMNS {
            return invalid(format!("a table has at most {COLUMNS} columns"));
        }
        let mut seen = HashSet::new();
        for Column { name, .. } in table.columns.iter().chain(&table.partition_keys) {
            if name.is_empty() || name.len() > 256 || name.chars().any(char::is_control) {
                return invalid("the name of a column has 1 to 256 bytes and no control characters".into());
            }
            if !seen.insert(name.to_lowercase()) {
                return invalid(format!("there are two columns `{name}`, in upper or lower case"));
            }
        }
        Ok(Self {
            kind: match table.kind {
                RelationKind::Table => Kind::Table,
                RelationKind::View => Kind::View,
                RelationKind::Other => Kind::Other,
            },
            location: table.location.map(|uri| uri.to_string()),
            format: table.format,
            columns: table.columns.into_iter().map(ColumnRecord::from).collect(),
            partition_keys: table.partition_keys.into_iter().map(ColumnRecord::from).collect(),
            properties: table.properties,
        })
    }

    pub(super) fn to_json(&self) -> Result<String> {
        let json = serde_json::to_string(self).map_err(|e| Error::other("cannot write the table down", e))?;
        if json.len() > BYTES {
            return Err(Error::Invalid(format!("what is said about a table has at most {} MiB", BYTES >> 20)));
        }
        Ok(json)
    }

    pub(super) fn parse(json: &str) -> Result<Self> {
        serde_json::from_str(json).map_err(|e| Error::other("the embedded catalog holds a broken record", e))
    }

    pub(super) fn into_table(self, database: String, name: String) -> Result<Table> {
        Ok(Table {
            database,
            name,
            kind: match self.kind {
                Kind::Table => RelationKind::Table,
                Kind::View => RelationKind::View,
                Kind::Other => RelationKind::Other,
            },
            location: self.location.map(|uri| uri.parse()).transpose()?,
            format: self.format,
            columns: self.columns.into_iter().map(Column::from).collect(),
            partition_keys: self.partition_keys.into_iter().map(Column::from).collect(),
            properties: self.properties,
        })
    }
}

impl From<Column> for ColumnRecord {
    fn from(Column { name, data_type, comment }: Column) -> Self {
        Self { name, data_type, comment }
    }
}

impl From<ColumnRecord> for Column {
    fn from(ColumnRecord { name, data_type, comment }: ColumnRecord) -> Self {
        Self { name, data_type, comment }
    }
}
