//! Rows into the bytes of a download.

mod columns;
mod lines;

use arrow::datatypes::SchemaRef;
use enginehouse_capabilities::Result;

use super::{Output, scan::Piece};

/// A download leaves in pieces of about this many bytes; Parquet in row groups.
pub(super) const CHUNK_BYTES: usize = 256 << 10;

/// What writes rows in one format. Its methods may take long: call them where it may block.
pub(super) trait Encode: Send {
    /// Writes rows of a piece from `from` on, until there is a chunk to send or there are no more; answers the row that
    /// comes next.
    fn write(&mut self, piece: &Piece, from: usize) -> Result<usize>;

    /// What was written and not yet sent.
    fn written(&mut self) -> &mut Vec<u8>;

    /// Writes what stands behind the rows; answers all that was not yet sent.
    fn finish(self: Box<Self>) -> Result<Vec<u8>>;
}

/// Begins a download of rows with these columns.
///
/// # Errors
/// Where the format has no way to write them, such as Parquet a struct without fields.
pub(super) fn encoder(output: Output, schema: SchemaRef) -> Result<Box<dyn Encode>> {
    Ok(match output {
        Output::Csv => Box::new(lines::Csv::new(&schema)?),
        Output::JsonLines => Box::new(lines::JsonLines::new(&schema)),
        Output::Arrow => Box::new(columns::Arrow::new(schema)?),
        Output::Parquet => Box::new(columns::Parquet::new(schema)?),
    })
}
