//! The rows of one part, a batch at a time.

use std::{
    ops::{ControlFlow, Range},
    sync::Arc,
};

use ::parquet::{
    DecodeResult,
    arrow::{
        arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions},
        push_decoder::{ParquetPushDecoder, ParquetPushDecoderBuilder},
    },
};
use arrow::array::RecordBatch;
use bytes::Bytes;
use enginehouse_capabilities::{Error, ObjectUri, Objects, Result};
use futures::{StreamExt, TryStreamExt, stream};

use super::{
    super::{arrow as columnar, text::blocking},
    damaged,
    footer::{self, Part},
};

/// The most bytes that are asked for at once; a row group's columns must fit.
const MAX_FETCH: u64 = 256 << 20;
/// Rows that are decoded at once. Few, so that wide ones do not add up.
const BATCH: usize = 256;

/// Which rows of a part are decoded.
pub(super) struct Wanted {
    /// Only these row groups are read, and of these only the pages that hold the rows, where the part has an index.
    pub(super) groups: Vec<usize>,
    /// Rows of the first of these groups that lie before.
    pub(super) skip: u64,
    /// How many.
    pub(super) rows: usize,
}

/// A part while it is decoded. Long values are views of what was read.
pub(super) struct Decoding {
    uri: ObjectUri,
    /// None while it is at work elsewhere, and after it failed.
    decoder: Option<ParquetPushDecoder>,
    /// The rows that are yet to come.
    left: usize,
}

impl Decoding {
    pub(super) async fn new(uri: &ObjectUri, metadata: ArrowReaderMetadata, wanted: Wanted) -> Result<Self> {
        let Wanted { groups, skip, rows } = wanted;
        let place = uri.clone();
        let decoder = blocking(uri, move || {
            let builder = ParquetPushDecoderBuilder::new_with_metadata(viewed(metadata))
                .with_row_groups(groups)
                .with_offset(usize::try_from(skip).unwrap_or(usize::MAX))
                .with_limit(rows)
                .with_batch_size(BATCH);
            builder.build().map_err(|e| damaged(&place, &e))
        })
        .await?;
        Ok(Self { uri: uri.clone(), decoder: Some(decoder), left: rows })
    }

    /// Decodes batch after batch into `sink`, until `take` has enough or there are no more. Answers the sink, and whether
    /// there may be more.
    pub(super) async fn fill<S: Send + 'static>(
        &mut self,
        objects: &dyn Objects,
        mut sink: S,
        take: impl Fn(&mut S, RecordBatch) -> Result<ControlFlow<()>> + Copy + Send + 'static,
    ) -> Result<(S, bool)> {
        while let Some(decoder) = self.decoder.take() {
            let (uri, left) = (self.uri.clone(), self.left);
            let step = blocking(&self.uri, move || advance(&uri, decoder, left, sink, take)).await?;
            let (returned, left, filled, needed) = step;
            (self.left, sink) = (left, filled);
            match (returned, needed) {
                (Some(mut decoder), Some(ranges)) => {
                    let data = fetch(objects, &self.uri, &ranges).await?;
                    decoder.push_ranges(ranges, data).map_err(|e| damaged(&self.uri, &e))?;
                    self.decoder = Some(decoder);
                }
                (returned, _) => {
                    self.decoder = returned;
                    break;
                }
            }
        }
        Ok((sink, self.decoder.is_some()))
    }
}

/// The decoder, none at the end; the rows that are yet to come; the sink; and the ranges that are needed next, none where
/// the sink has enough.
type Advanced<S> = (Option<ParquetPushDecoder>, usize, S, Option<Vec<Range<u64>>>);

/// Decodes until the sink has enough, or further data is needed. In one go, since each change of threads costs. Blocks.
fn advance<S>(
    uri: &ObjectUri,
    mut decoder: ParquetPushDecoder,
    mut left: usize,
    mut sink: S,
    take: impl Fn(&mut S, RecordBatch) -> Result<ControlFlow<()>>,
) -> Result<Advanced<S>> {
    loop {
        match decoder.try_decode().map_err(|e| damaged(uri, &e))? {
            DecodeResult::NeedsData(ranges) => return Ok((Some(decoder), left, sink, Some(ranges))),
            DecodeResult::Finished if left == 0 => return Ok((None, left, sink, None)),
            DecodeResult::Finished => {
                return Err(Error::Invalid(format!("`{uri}` is damaged: it has fewer rows than it says")));
            }
            DecodeResult::Data(batch) => {
                left = left.saturating_sub(batch.num_rows());
                if take(&mut sink, batch)?.is_break() {
                    return Ok((Some(decoder), left, sink, None));
                }
            }
        }
    }
}

/// Refuses a part with a row group that says that it is too large to be decoded.
pub(super) fn check_groups(part: &Part) -> Result<()> {
    let sizes = part.metadata.metadata().row_groups().iter().map(|group| group.compressed_size());
    check_size(&part.uri, sizes.max().and_then(|size| size.try_into().ok()).unwrap_or_default())
}

fn check_size(uri: &ObjectUri, bytes: u64) -> Result<()> {
    match bytes > MAX_FETCH {
        false => Ok(()),
        true => Err(Error::Invalid(format!(
            "a row group of `{uri}` takes {} MiB, too much to decode: download the part from /v1/objects, or write \
             smaller row groups",
            bytes >> 20
        ))),
    }
}

async fn fetch(objects: &dyn Objects, uri: &ObjectUri, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
    let total = ranges.iter().map(|range| range.end.saturating_sub(range.start)).fold(0, u64::saturating_add);
    check_size(uri, total)?;
    stream::iter(ranges.to_vec()).map(|range| footer::exactly(objects, uri, range)).buffered(8).try_collect().await
}

/// The same part with long values as views of what was read: one long value repeated takes its room once.
fn viewed(metadata: ArrowReaderMetadata) -> ArrowReaderMetadata {
    let schema = Arc::new(columnar::viewed(metadata.schema()));
    let options = ArrowReaderOptions::new().with_skip_arrow_metadata(true).with_schema(schema);
    // Where the reader does not take the hint, it reads as it would have.
    ArrowReaderMetadata::try_new(metadata.metadata().clone(), options).unwrap_or(metadata)
}
