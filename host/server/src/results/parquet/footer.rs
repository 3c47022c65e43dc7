//! What a Parquet file says about itself.

use std::{ops::Range, sync::Arc};

use ::parquet::{
    DecodeResult,
    arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions},
    errors::ParquetError,
    file::metadata::{PageIndexPolicy, ParquetMetaData, ParquetMetaDataPushDecoder, ParquetMetaDataReader},
};
use bytes::Bytes;
use enginehouse_capabilities::{Error, ObjectUri, Objects, Result};

use super::{super::text::blocking, columnar, damaged, nesting};

/// Most footers are smaller: one request is enough.
const TAIL: u64 = 64 << 10;
/// The most bytes of a footer, or of the page index.
const MAX_FOOTER: u64 = 32 << 20;

/// One part, as its footer has it.
pub(super) struct Part {
    pub(super) uri: ObjectUri,
    pub(super) bytes: u64,
    pub(super) rows: u64,
    /// The rows of each row group.
    pub(super) groups: Vec<u64>,
    pub(super) metadata: ArrowReaderMetadata,
}

/// Reads the footer of a part, and the index of its pages where it has one.
pub(super) async fn read(objects: &dyn Objects, uri: &ObjectUri) -> Result<Part> {
    let no_parquet = |why: &str| Error::Invalid(format!("`{uri}` is no Parquet file: {why}"));
    let size = objects.head(uri).await?.bytes;
    if size < 12 {
        return Err(no_parquet(&format!("it has {size} bytes")));
    }
    let tail = exactly(objects, uri, size.saturating_sub(TAIL)..size).await?;
    let length = match tail.last_chunk::<8>() {
        Some([a, b, c, d, b'P', b'A', b'R', b'1']) => u64::from(u32::from_le_bytes([*a, *b, *c, *d])),
        Some([_, _, _, _, b'P', b'A', b'R', b'E']) => return Err(no_parquet("it is encrypted")),
        _ => return Err(no_parquet("it does not end as one")),
    };
    let Some(start) = size.checked_sub(length + 8).filter(|_| length <= MAX_FOOTER) else {
        return Err(no_parquet(&format!("its footer claims {length} bytes")));
    };
    let footer = match usize::try_from(length).ok().and_then(|length| (tail.len() - 8).checked_sub(length)) {
        Some(from) => tail.slice(from..tail.len() - 8),
        None => exactly(objects, uri, start..size - 8).await?,
    };
    let place = uri.clone();
    let metadata = blocking(uri, move || {
        nesting::check(&footer).map_err(|why| Error::Invalid(format!("`{place}` cannot be read as Parquet: {why}")))?;
        ParquetMetaDataReader::decode_metadata(&footer).map_err(|e| damaged(&place, &e))
    })
    .await?;
    let metadata = with_page_index(objects, uri, size, metadata).await?;
    let groups = metadata.row_groups().iter().map(|group| u64::try_from(group.num_rows()));
    let groups =
        groups.collect::<std::result::Result<Vec<u64>, _>>().map_err(|_| no_parquet("it has less than no rows"))?;
    let rows = groups.iter().try_fold(0_u64, |sum, rows| sum.checked_add(*rows)).filter(|rows| *rows < 1 << 62);
    let rows = rows.ok_or_else(|| no_parquet("it claims more rows than can be counted"))?;
    let (place, metadata) = (uri.clone(), Arc::new(metadata));
    let metadata = blocking(uri, move || typed(metadata).map_err(|e| damaged(&place, &e))).await?;
    Ok(Part { uri: uri.clone(), bytes: size, rows, groups, metadata })
}

/// With the file's own types, and where it has none for what was written, such as timestamps in seconds, those that
/// Arrow's writers note beside it. Else that note is left alone: it may claim what the file does not hold.
fn typed(metadata: Arc<ParquetMetaData>) -> std::result::Result<ArrowReaderMetadata, ParquetError> {
    let plain = ArrowReaderOptions::new().with_skip_arrow_metadata(true);
    let own = ArrowReaderMetadata::try_new(Arc::clone(&metadata), plain.clone())?;
    let Ok(noted) = ArrowReaderMetadata::try_new(Arc::clone(&metadata), ArrowReaderOptions::new()) else {
        return Ok(own);
    };
    let schema = Arc::new(columnar::completed(own.schema(), noted.schema()));
    Ok(ArrowReaderMetadata::try_new(metadata, plain.with_schema(schema)).unwrap_or(own))
}

async fn with_page_index(
    objects: &dyn Objects,
    uri: &ObjectUri,
    size: u64,
    metadata: ParquetMetaData,
) -> Result<ParquetMetaData> {
    let decoder = ParquetMetaDataPushDecoder::try_new_with_metadata(size, metadata).map_err(|e| damaged(uri, &e))?;
    let mut decoder =
        decoder.with_column_index_policy(PageIndexPolicy::Skip).with_offset_index_policy(PageIndexPolicy::Optional);
    loop {
        let place = uri.clone();
        let step = blocking(uri, move || {
            let step = decoder.try_decode().map_err(|e| damaged(&place, &e))?;
            Ok((decoder, step))
        });
        let (returned, step) = step.await?;
        decoder = returned;
        match step {
            DecodeResult::Data(metadata) => return Ok(metadata),
            DecodeResult::Finished => return Err(Error::Invalid(format!("`{uri}` has no metadata"))),
            DecodeResult::NeedsData(ranges) => {
                let mut data = Vec::with_capacity(ranges.len());
                for range in &ranges {
                    if range.end.saturating_sub(range.start) > MAX_FOOTER {
                        return Err(Error::Invalid(format!("the page index of `{uri}` is too large")));
                    }
                    data.push(exactly(objects, uri, range.clone()).await?);
                }
                decoder.push_ranges(ranges, data).map_err(|e| damaged(uri, &e))?;
            }
        }
    }
}

/// Reads a range that has to be there.
pub(super) async fn exactly(objects: &dyn Objects, uri: &ObjectUri, range: Range<u64>) -> Result<Bytes> {
    let length = range.end.saturating_sub(range.start);
    let data = objects.read(uri, range.start, length).await?;
    match data.len() as u64 == length {
        true => Ok(data),
        false => Err(Error::Invalid(format!("`{uri}` is damaged: it ends before what its footer points to"))),
    }
}
