//! A whole table as a stream of bytes.

use std::sync::Arc;

use bytes::Bytes;
use enginehouse_capabilities::{ObjectUri, Objects, Result};
use futures::{StreamExt, TryStreamExt, stream, stream::BoxStream};

use super::{
    Format, Output, ResultTable,
    encode::{self, CHUNK_BYTES, Encode},
    in_order, parquet,
    scan::{Piece, Scan},
    text::blocking,
};

/// A whole table on its way.
pub struct Download {
    /// How many bytes it has, where that is known before.
    pub bytes: Option<u64>,
    /// Its bytes. What comes before an error is cut off and no table: nobody may take it for one.
    pub body: BoxStream<'static, Result<Bytes>>,
}

/// Reads a whole table, its parts in the order of their keys, and writes it in the format that is asked for.
///
/// In CSV and JSON lines values are those of [`super::Page`]; in CSV a null is an empty cell. Arrow and Parquet have the types
/// that Parquet parts have themselves. Where the parts are text, a column has the type that pages tell, as long as every
/// value was seen before (of CSV at most 4 MiB; JSON is read twice) and fits it without loss; else it is text, as it stands.
/// A table that is one Parquet part is handed through as Parquet, byte by byte.
///
/// In memory are at once: of Parquet the bytes of one row group (at most 256 MiB) and 256 decoded rows; of text 1 MiB and a
/// row; and what is written, 256 KiB and a row, as Parquet a row group of 32 MiB. A row has at most 64 MiB, as text 16 MiB.
/// Nothing is read that is not asked for: who drops the body ends the work.
///
/// # Errors
/// Those of [`super::read_page`]. They come at once as long as nothing was handed out, and from the body afterwards.
pub async fn download(objects: Arc<dyn Objects>, table: &ResultTable, output: Output) -> Result<Download> {
    let parts = in_order(table)?;
    if let (Format::Parquet, Output::Parquet, [part]) = (table.format, output, parts.as_slice()) {
        return as_it_is(objects.as_ref(), part).await;
    }
    let scan = Scan::open(objects.as_ref(), table, parts, output).await?;
    let schema = Arc::clone(&scan.schema);
    let encoder = blocking(&table.name, move || encode::encoder(output, schema)).await?;
    let mut work = Work { objects, table: table.name.clone(), scan, encoder: Some(encoder), pending: None };
    let first = work.next().await?;
    let rest = stream::try_unfold(work, |mut work| async move {
        let bytes = work.next().await?;
        Ok(bytes.map(|bytes| (bytes, work)))
    });
    Ok(Download { bytes: None, body: stream::iter(first.map(Ok)).chain(rest).boxed() })
}

async fn as_it_is(objects: &dyn Objects, part: &ObjectUri) -> Result<Download> {
    let bytes = parquet::size(objects, part).await?;
    let place = part.clone();
    let body = objects.stream(part).await?.map_err(move |e| super::text::failed(&place, e));
    Ok(Download { bytes: Some(bytes), body: body.boxed() })
}

/// A download between two of its chunks.
struct Work {
    objects: Arc<dyn Objects>,
    table: String,
    scan: Scan,
    /// None at the end, and after a failure.
    encoder: Option<Box<dyn Encode>>,
    /// Rows that were read, and the first of them that is not written yet.
    pending: Option<(Piece, usize)>,
}

impl Work {
    /// The next bytes; none at the end. Between its steps nothing is held but memory: no thread waits for a slow client.
    async fn next(&mut self) -> Result<Option<Bytes>> {
        while let Some(mut encoder) = self.encoder.take() {
            let pending = match self.pending.take() {
                Some(pending) => Some(pending),
                None => self.scan.next(self.objects.as_ref()).await?.map(|piece| (piece, 0)),
            };
            let Some((piece, from)) = pending else {
                let bytes = blocking(&self.table, move || encoder.finish()).await?;
                return Ok((!bytes.is_empty()).then(|| bytes.into()));
            };
            let (encoder, piece, next, bytes) = blocking(&self.table, move || {
                let next = encoder.write(&piece, from)?;
                let written = encoder.written();
                let bytes = if written.len() < CHUNK_BYTES { Vec::new() } else { std::mem::take(written) };
                Ok((encoder, piece, next, bytes))
            })
            .await?;
            self.encoder = Some(encoder);
            self.pending = (next < piece.len()).then_some((piece, next));
            if !bytes.is_empty() {
                return Ok(Some(bytes.into()));
            }
        }
        Ok(None)
    }
}
