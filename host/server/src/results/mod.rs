//! Reading what a run wrote: pages of rows as JSON, and whole tables in the format that is asked for.
//!
//! Programs that nobody here wrote made these files, so nothing in them is trusted: sizes are bounded before memory is
//! asked for, nesting before anything recurses, and a decoder that panics fails the page and not the server.

mod arrow;
mod column;
mod csv;
mod download;
mod encode;
mod json;
mod kind;
mod parquet;
mod rows;
mod scan;
mod shape;
#[cfg(test)]
mod tests;
mod text;

pub use download::{Download, download};

use enginehouse_capabilities::{Error, ObjectUri, Objects, Result};
use serde::Serialize;
use serde_json::Value;

/// The most rows of a page.
pub const MAX_ROWS: usize = 10_000;
/// About the most bytes of a page's rows as JSON.
pub const MAX_PAGE_BYTES: usize = 8 << 20;
/// The most columns of a table.
const MAX_COLUMNS: usize = 10_000;
/// The most bytes of the names of all columns of a table.
const MAX_NAMES: usize = 4 << 20;
/// The most parts of a table.
const MAX_PARTS: usize = 10_000;

/// A table that a run wrote, in one or many parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResultTable {
    /// What the run calls it.
    pub name: String,
    /// Of every part.
    pub format: Format,
    /// CSV: whether the first row of each part names the columns.
    pub header: bool,
    /// CSV: what stands before a quote that belongs to a quoted value, beside doubling it. Some engines write `\`; others nothing.
    pub escape: Option<u8>,
    /// The parts, in any order; they are read in the order of their keys.
    pub uris: Vec<ObjectUri>,
}

/// How the rows are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// UTF-8 with commas.
    Csv,
    /// Apache Parquet.
    Parquet,
    /// One JSON object a line.
    Json,
}

/// How a whole table is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Output {
    /// RFC 4180 in UTF-8, with a row of names.
    Csv,
    /// One JSON object a line.
    JsonLines,
    /// A stream of Arrow's IPC format.
    Arrow,
    /// One Apache Parquet file.
    Parquet,
}

impl Output {
    /// Whether every value of a column has the column's type.
    fn is_typed(self) -> bool {
        matches!(self, Self::Arrow | Self::Parquet)
    }
}

/// Some rows of a table.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Page {
    /// Also where there are no rows, unless nothing at all was written.
    pub columns: Vec<ColumnSchema>,
    /// One value a column. Integers are exact; decimals, `NaN` and infinities are strings; dates and times are ISO 8601;
    /// binary is base64.
    pub rows: Vec<Vec<Value>>,
    /// The offset of the next page; none on the last.
    pub next: Option<u64>,
    /// Known for Parquet, and for text as soon as its end was seen.
    pub total_rows: Option<u64>,
}

/// One column.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ColumnSchema {
    /// As the file has it.
    pub name: String,
    /// As SQL names it: `bigint`, `double`, `decimal(10,2)`, `timestamp`. In CSV and JSON it is guessed from values.
    pub data_type: String,
}

/// Reads at most `limit` rows from row `offset`, in the order of the parts' keys.
///
/// Of Parquet only the row groups that hold these rows are read, of text everything before them. A page ends early at
/// [`MAX_PAGE_BYTES`].
///
/// # Errors
/// [`Error::Invalid`] where `limit` is not 1 to [`MAX_ROWS`], a part is not what its format says, parts differ in their
/// columns, or one row alone is larger than a page; what the store said, where a part cannot be read.
pub async fn read_page(objects: &dyn Objects, table: &ResultTable, offset: u64, limit: usize) -> Result<Page> {
    if !(1..=MAX_ROWS).contains(&limit) {
        return Err(Error::Invalid(format!("a page has 1 to {MAX_ROWS} rows, not {limit}")));
    }
    let parts = in_order(table)?;
    let rows = rows::Rows::new(offset, limit);
    match table.format {
        Format::Csv => csv::read(objects, table, &parts, rows).await,
        Format::Parquet => parquet::read(objects, &parts, rows).await,
        Format::Json => json::read(objects, &parts, rows).await,
    }
}

/// The parts in the order of their rows.
fn in_order(table: &ResultTable) -> Result<Vec<ObjectUri>> {
    if table.uris.len() > MAX_PARTS {
        return Err(Error::Invalid(format!("`{}` has more than {MAX_PARTS} parts: download them", table.name)));
    }
    let mut parts = table.uris.clone();
    parts.sort_unstable();
    parts.dedup();
    Ok(parts)
}
