//! Parquet.

mod footer;
mod nesting;

use std::{ops::Range, sync::Arc};

use ::parquet::{
    DecodeResult,
    arrow::{
        arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions},
        push_decoder::{ParquetPushDecoder, ParquetPushDecoderBuilder},
    },
    errors::ParquetError,
};
use arrow::datatypes::Schema;
use bytes::Bytes;
use enginehouse_capabilities::{Error, ObjectUri, Objects, Result};
use futures::{StreamExt, TryStreamExt, stream};

use self::footer::Part;
use super::{ColumnSchema, MAX_COLUMNS, Page, arrow as columnar, rows::Rows, text::blocking};

/// The most bytes that are asked for at once; a row group's columns must fit.
const MAX_FETCH: u64 = 256 << 20;
/// Rows that are decoded at once. Few, so that wide ones do not add up.
const BATCH: usize = 256;

pub(super) async fn read(objects: &dyn Objects, parts: &[ObjectUri], mut rows: Rows) -> Result<Page> {
    // Owned, since a stream over borrowed parts is `Send` for one lifetime only.
    let mut footers: Vec<Part> = stream::iter(parts.to_vec())
        .map(|uri| async move { footer::read(objects, &uri).await })
        .buffered(8)
        .try_collect()
        .await?;
    let columns = columns(&footers)?;
    let total = footers.iter().try_fold(0_u64, |total, part| total.checked_add(part.rows));
    let total = total.ok_or_else(|| Error::Invalid("the parts claim more rows than can be counted".into()))?;
    for part in &mut footers {
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

/// The columns that all parts agree on.
fn columns(parts: &[Part]) -> Result<Vec<ColumnSchema>> {
    let Some((first, others)) = parts.split_first() else { return Ok(Vec::new()) };
    let columns = described(first.metadata.schema());
    if columns.len() > MAX_COLUMNS {
        return Err(Error::Invalid(format!("`{}` has more than {MAX_COLUMNS} columns", first.uri)));
    }
    match others.iter().find(|other| described(other.metadata.schema()) != columns) {
        None => Ok(columns),
        Some(other) => Err(Error::Invalid(format!(
            "the parts differ in their columns: `{}` has {}, `{}` has {}",
            first.uri,
            shown(&columns),
            other.uri,
            shown(&described(other.metadata.schema()))
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

/// Takes the rows of one part: of the row groups that hold them, and of these only the pages where the part has an index.
async fn take(objects: &dyn Objects, part: &mut Part, mut rows: Rows) -> Result<Rows> {
    let uri = &part.uri;
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
    let had = rows.room();

    let metadata = part.metadata.clone();
    let mut decoder = blocking(uri.clone(), {
        let uri = uri.clone();
        move || {
            let builder = ParquetPushDecoderBuilder::new_with_metadata(viewed(metadata)?)
                .with_row_groups(groups)
                .with_offset(usize::try_from(skip).unwrap_or(usize::MAX))
                .with_limit(expected)
                .with_batch_size(BATCH);
            builder.build().map_err(|e| damaged(&uri, &e))
        }
    })
    .await?;
    loop {
        let place = uri.clone();
        let (returned, filled, step) = blocking(uri.clone(), move || advance(&place, decoder, rows)).await?;
        (decoder, rows) = (returned, filled);
        match step {
            Some(ranges) => {
                let data = fetch(objects, uri, &ranges).await?;
                decoder.push_ranges(ranges, data).map_err(|e| damaged(uri, &e))?;
            }
            None if rows.is_full() => return Ok(rows),
            None if had - rows.room() != expected => {
                return Err(Error::Invalid(format!("`{uri}` is damaged: it has fewer rows than it says")));
            }
            None => {
                if more_behind {
                    rows.set_full();
                }
                return Ok(rows);
            }
        }
    }
}

/// The decoder and the rows so far, with the ranges that it needs next; none at the end.
type Advanced = (ParquetPushDecoder, Rows, Option<Vec<Range<u64>>>);

/// Decodes until there is nothing more to do without further data, which it names. Blocks.
fn advance(uri: &ObjectUri, mut decoder: ParquetPushDecoder, mut rows: Rows) -> Result<Advanced> {
    while !rows.is_full() {
        match decoder.try_decode().map_err(|e| damaged(uri, &e))? {
            DecodeResult::NeedsData(ranges) => return Ok((decoder, rows, Some(ranges))),
            DecodeResult::Finished => break,
            DecodeResult::Data(batch) => {
                for row in 0..batch.num_rows() {
                    rows.push(uri, |left| {
                        batch.columns().iter().map(|column| columnar::cell(column, row, left)).collect()
                    })?;
                }
            }
        }
    }
    Ok((decoder, rows, None))
}

async fn fetch(objects: &dyn Objects, uri: &ObjectUri, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
    let total = ranges.iter().map(|range| range.end.saturating_sub(range.start)).fold(0, u64::saturating_add);
    if total > MAX_FETCH {
        return Err(Error::Invalid(format!(
            "a row group of `{uri}` takes {} MiB, too much to page through: download it, or write smaller row groups",
            total >> 20
        )));
    }
    stream::iter(ranges.to_vec()).map(|range| footer::exactly(objects, uri, range)).buffered(8).try_collect().await
}

/// The same part with long values as views of what was read: one long value repeated takes its room once.
fn viewed(metadata: ArrowReaderMetadata) -> Result<ArrowReaderMetadata> {
    let schema = Arc::new(columnar::viewed(metadata.schema()));
    let options = ArrowReaderOptions::new().with_skip_arrow_metadata(true).with_schema(schema);
    // Where the reader does not take the hint, it reads as it would have.
    Ok(ArrowReaderMetadata::try_new(metadata.metadata().clone(), options).unwrap_or(metadata))
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
