//! A whole table from its first row to its last, a piece at a time.

use std::sync::Arc;

use arrow::{
    array::{RecordBatch, RecordBatchOptions},
    datatypes::{Schema, SchemaRef},
    error::ArrowError,
};
use enginehouse_capabilities::{Error, ObjectUri, Objects, Result};
use serde_json::Value;

use super::{
    Format, Output, ResultTable, arrow as columnar,
    column::{self, Column},
    csv, json, parquet,
    rows::{self, Budget, Full},
    shape,
};

/// Reads a table whose columns are known.
pub(super) struct Scan {
    /// Of every piece.
    pub(super) schema: SchemaRef,
    source: Source,
}

enum Source {
    Csv(csv::Scan),
    Json(json::Scan),
    Parquet(Box<parquet::Scan>),
}

/// Some rows of a part, at least one.
pub(super) struct Piece {
    part: ObjectUri,
    rows: Rows,
}

enum Rows {
    Values(Vec<Vec<Value>>),
    Batch(RecordBatch),
}

impl Scan {
    /// Looks for the columns. `parts` are in the order of the rows.
    ///
    /// # Errors
    /// Where parts differ in their columns, or are not what their format says as far as that was read.
    pub(super) async fn open(
        objects: &dyn Objects,
        table: &ResultTable,
        parts: Vec<ObjectUri>,
        output: Output,
    ) -> Result<Self> {
        Ok(match table.format {
            Format::Csv => {
                let csv::Columns { mut columns, whole } = csv::columns(objects, table, &parts).await?;
                if output.is_typed() {
                    let told = |column: Column| if whole { column.told_exactly() } else { column.into_text() };
                    columns = columns.into_iter().map(told).collect();
                }
                Self { schema: schema(&columns), source: Source::Csv(csv::Scan::new(table, parts, &columns)) }
            }
            Format::Json => {
                let found = json::survey(objects, &parts).await?;
                Self { schema: schema(&found.columns), source: Source::Json(json::Scan::new(found, parts)) }
            }
            Format::Parquet => {
                let scan = parquet::Scan::new(objects, parts).await?;
                Self { schema: Arc::clone(scan.schema()), source: Source::Parquet(Box::new(scan)) }
            }
        })
    }

    /// The next rows; none at the end.
    pub(super) async fn next(&mut self, objects: &dyn Objects) -> Result<Option<Piece>> {
        let values = |(part, piece): (_, rows::Piece)| Piece { part, rows: Rows::Values(piece.rows) };
        Ok(match &mut self.source {
            Source::Csv(scan) => scan.next(objects).await?.map(values),
            Source::Json(scan) => scan.next(objects).await?.map(values),
            Source::Parquet(scan) => {
                scan.next(objects).await?.map(|(part, batch)| Piece { part, rows: Rows::Batch(batch) })
            }
        })
    }
}

fn schema(columns: &[Column]) -> SchemaRef {
    Arc::new(Schema::new(columns.iter().map(Column::field).collect::<Vec<_>>()))
}

impl Piece {
    /// How many rows.
    pub(super) fn len(&self) -> usize {
        match &self.rows {
            Rows::Values(rows) => rows.len(),
            Rows::Batch(batch) => batch.num_rows(),
        }
    }

    /// One row as pages show it; none behind the last.
    pub(super) fn row(&self, at: usize) -> Result<Option<std::borrow::Cow<'_, [Value]>>> {
        match &self.rows {
            Rows::Values(rows) => Ok(rows.get(at).map(|row| row.into())),
            Rows::Batch(batch) if at >= batch.num_rows() => Ok(None),
            Rows::Batch(batch) => match columnar::row(batch, at, &mut Budget::of_a_row()) {
                Ok(row) => Ok(Some(row.into())),
                Err(Full) => Err(rows::too_large_to_stream(&self.part)),
            },
        }
    }

    /// Rows from `from` on in this schema: at least one, and no more than a few MiB.
    pub(super) fn batch(&self, from: usize, schema: &SchemaRef) -> Result<RecordBatch> {
        let told = |e: ArrowError| Error::Invalid(format!("`{}` cannot be read as its columns say: {e}", self.part));
        match &self.rows {
            Rows::Batch(batch) => shape::piece(batch, from, schema).map_err(told),
            Rows::Values(rows) => {
                let rows = rows.get(from..).unwrap_or_default();
                let cells = |at: usize| rows.iter().map(move |row| row.get(at).unwrap_or(&Value::Null));
                let columns = schema.fields().iter().enumerate();
                let columns = columns.map(|(at, field)| column::array(field.data_type(), cells(at)));
                let columns = columns.collect::<Option<Vec<_>>>().ok_or_else(|| {
                    Error::Unavailable(format!("`{}` was replaced while it was read; try again", self.part))
                })?;
                let count = RecordBatchOptions::new().with_row_count(Some(rows.len()));
                RecordBatch::try_new_with_options(Arc::clone(schema), columns, &count).map_err(told)
            }
        }
    }
}
