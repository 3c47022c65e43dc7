//! Parquet.

mod decoding;
mod footer;
mod nesting;

use std::{ops::ControlFlow, sync::Arc};

use ::parquet::errors::ParquetError;
use arrow::{
    array::RecordBatch,
    datatypes::{Schema, SchemaRef},
};
use enginehouse_capabilities::{Error, ObjectUri, Objects, Result};
use futures::{StreamExt, TryStreamExt, stream};

use self::{
    decoding::{Decoding, Wanted},
    footer::Part,
};
use super::{ColumnSchema, MAX_COLUMNS, Page, arrow as columnar, rows::Rows, shape};

pub(super) async fn read(objects: &dyn Objects, parts: &[ObjectUri], mut rows: Rows) -> Result<Page> {
    // Owned, since a stream over borrowed parts is `Send` for one lifetime only.
    let footers: Vec<Part> = stream::iter(parts.to_vec())
        .map(|uri| async move { footer::read(objects, &uri).await })
        .buffered(8)
        .try_collect()
        .await?;
    let columns = match footers.split_first() {
        Some((first, others)) => {
            let columns = columns(first)?;
            others.iter().try_for_each(|other| check_columns(&first.uri, &columns, other))?;
            columns
        }
        None => Vec::new(),
    };
    let total = footers.iter().try_fold(0_u64, |total, part| total.checked_add(part.rows));
    let total = total.ok_or_else(|| Error::Invalid("the parts claim more rows than can be counted".into()))?;
    for part in footers {
        if rows.is_full() {
            break;
        }
        // Whole parts before the page, and all behind it, are not looked at.
        if part.rows <= rows.to_skip() {
            rows.skip(part.rows);
        } else if rows.room() == 0 {
            rows.set_full();
        } else {
            rows = take(objects, part, rows).await?;
        }
    }
    Ok(rows.into_page(columns, Some(total)))
}

/// Takes the rows of one part.
async fn take(objects: &dyn Objects, part: Part, mut rows: Rows) -> Result<Rows> {
    let (mut before, mut groups) = (0_u64, Vec::new());
    let wanted = rows.to_skip()..rows.to_skip() + rows.room() as u64;
    let mut skip = 0;
    for (group, length) in part.groups.iter().enumerate() {
        let held = before..before + length;
        before = held.end;
        if held.start < wanted.end && held.end > wanted.start {
            if groups.is_empty() {
                skip = wanted.start - held.start;
            }
            groups.push(group);
        }
    }
    let expected = rows.room().min(usize::try_from(part.rows - rows.to_skip()).unwrap_or(usize::MAX));
    let more_behind = part.rows > wanted.end;
    rows.skip(wanted.start);

    let wanted = Wanted { groups, skip, rows: expected };
    let mut decoding = Decoding::new(&part.uri, part.metadata, wanted).await?;
    let ((_, mut rows), _) = decoding
        .fill(objects, (part.uri, rows), |(uri, rows), batch| {
            for row in 0..batch.num_rows() {
                rows.push(uri, |left| columnar::row(&batch, row, left))?;
            }
            Ok(if rows.is_full() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
        })
        .await?;
    if more_behind {
        rows.set_full();
    }
    Ok(rows)
}

/// The rows of all parts, one after the other.
pub(super) struct Scan {
    /// Of the whole table.
    schema: SchemaRef,
    parts: std::vec::IntoIter<ObjectUri>,
    open: Option<(ObjectUri, Decoding)>,
}

impl Scan {
    /// Looks at the footers of all parts: one that is damaged, or has other columns, is refused before anything is read.
    /// They are not kept, since together they may be large.
    pub(super) async fn new(objects: &dyn Objects, parts: Vec<ObjectUri>) -> Result<Self> {
        let mut footers =
            stream::iter(parts.clone()).map(|uri| async move { footer::read(objects, &uri).await }).buffered(8);
        let mut first: Option<(ObjectUri, Vec<ColumnSchema>, Schema)> = None;
        while let Some(part) = footers.try_next().await? {
            decoding::check_groups(&part)?;
            match &mut first {
                None => first = Some((part.uri.clone(), columns(&part)?, part.metadata.schema().as_ref().clone())),
                Some((of, columns, schema)) => {
                    check_columns(of, columns, &part)?;
                    *schema = shape::merged(schema, part.metadata.schema()).ok_or_else(|| {
                        let uri = &part.uri;
                        Error::Invalid(format!("`{of}` and `{uri}` differ in their types: download them one by one"))
                    })?;
                }
            }
        }
        drop(footers);
        let schema = first.map_or_else(Schema::empty, |(_, _, schema)| schema);
        Ok(Self { schema: Arc::new(schema), parts: parts.into_iter(), open: None })
    }

    /// The columns, as they are written.
    pub(super) fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// The next rows and where they are from; none at the end.
    pub(super) async fn next(&mut self, objects: &dyn Objects) -> Result<Option<(ObjectUri, RecordBatch)>> {
        loop {
            let (uri, mut decoding) = match self.open.take() {
                Some(open) => open,
                None => match self.parts.next() {
                    Some(uri) => (uri.clone(), begin(objects, &uri, Arc::clone(&self.schema)).await?),
                    None => return Ok(None),
                },
            };
            let one = |sink: &mut Option<RecordBatch>, batch| {
                *sink = Some(batch);
                Ok(ControlFlow::Break(()))
            };
            let (batch, more) = decoding.fill(objects, None, one).await?;
            if more {
                self.open = Some((uri.clone(), decoding));
            }
            if let Some(batch) = batch {
                return Ok(Some((uri, batch)));
            }
        }
    }
}

/// Begins with a part of a table that has these columns.
async fn begin(objects: &dyn Objects, uri: &ObjectUri, schema: SchemaRef) -> Result<Decoding> {
    let part = footer::read(objects, uri).await?;
    if described(part.metadata.schema()) != described(&schema) {
        return Err(Error::Unavailable(format!("`{uri}` was replaced while it was read; try again")));
    }
    let rows = usize::try_from(part.rows).unwrap_or(usize::MAX);
    let wanted = Wanted { groups: (0..part.groups.len()).collect(), skip: 0, rows };
    Decoding::new(uri, part.metadata, wanted).await
}

/// The size of a part, once its footer was found to be one.
pub(super) async fn size(objects: &dyn Objects, uri: &ObjectUri) -> Result<u64> {
    Ok(footer::read(objects, uri).await?.bytes)
}

/// The columns of a part.
fn columns(part: &Part) -> Result<Vec<ColumnSchema>> {
    let columns = described(part.metadata.schema());
    match columns.len() > MAX_COLUMNS {
        false => Ok(columns),
        true => Err(Error::Invalid(format!("`{}` has more than {MAX_COLUMNS} columns", part.uri))),
    }
}

/// Whether a part has the columns of the first.
fn check_columns(first: &ObjectUri, columns: &[ColumnSchema], part: &Part) -> Result<()> {
    let found = described(part.metadata.schema());
    match found == columns {
        true => Ok(()),
        false => Err(Error::Invalid(format!(
            "the parts differ in their columns: `{first}` has {}, `{}` has {}",
            shown(columns),
            part.uri,
            shown(&found)
        ))),
    }
}

fn described(schema: &Schema) -> Vec<ColumnSchema> {
    let column = |field: &arrow::datatypes::FieldRef| ColumnSchema {
        name: field.name().clone(),
        data_type: columnar::type_name(field.data_type()),
    };
    schema.fields().iter().map(column).collect()
}

fn damaged(uri: &ObjectUri, e: &ParquetError) -> Error {
    Error::Invalid(format!("`{uri}` cannot be read as Parquet: {e}"))
}

/// Some columns, for a message.
fn shown(columns: &[ColumnSchema]) -> String {
    let one = |column: &ColumnSchema| -> String {
        format!("{} {}", column.name, column.data_type).chars().take(60).collect()
    };
    let some: Vec<String> = columns.iter().take(8).map(one).collect();
    let more = if columns.len() > some.len() { ", …" } else { "" };
    format!("{} ({}{more})", columns.len(), some.join(", "))
}
