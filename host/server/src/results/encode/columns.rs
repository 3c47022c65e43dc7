//! Rows as columns: Arrow and Parquet.

use std::sync::Arc;

use ::parquet::{arrow::ArrowWriter, basic::Compression, errors::ParquetError, file::properties::WriterProperties};
use arrow::{datatypes::SchemaRef, error::ArrowError, ipc::writer::StreamWriter};
use enginehouse_capabilities::{Error, Result};

use super::{super::scan::Piece, Encode};

/// About the most bytes of a row group, which is in memory until it is whole.
const ROW_GROUP_BYTES: usize = 32 << 20;

/// An Arrow IPC stream: the schema, then a message for each batch of rows.
pub(super) struct Arrow {
    schema: SchemaRef,
    writer: StreamWriter<Vec<u8>>,
}

impl Arrow {
    pub(super) fn new(schema: SchemaRef) -> Result<Self> {
        let writer = StreamWriter::try_new(Vec::new(), &schema).map_err(no_arrow)?;
        Ok(Self { schema, writer })
    }
}

impl Encode for Arrow {
    fn write(&mut self, piece: &Piece, from: usize) -> Result<usize> {
        let batch = piece.batch(from, &self.schema)?;
        self.writer.write(&batch).map_err(no_arrow)?;
        Ok(from + batch.num_rows())
    }

    fn written(&mut self) -> &mut Vec<u8> {
        self.writer.get_mut()
    }

    fn finish(mut self: Box<Self>) -> Result<Vec<u8>> {
        self.writer.finish().map_err(no_arrow)?;
        Ok(std::mem::take(self.writer.get_mut()))
    }
}

/// One Parquet file, compressed with Snappy. In memory are a row group and the footer, which grows by some hundred bytes
/// for each column of each row group.
pub(super) struct Parquet {
    schema: SchemaRef,
    writer: ArrowWriter<Vec<u8>>,
}

impl Parquet {
    pub(super) fn new(schema: SchemaRef) -> Result<Self> {
        let properties = WriterProperties::builder()
            .set_compression(Compression::SNAPPY)
            .set_max_row_group_bytes(Some(ROW_GROUP_BYTES))
            .build();
        let writer = ArrowWriter::try_new(Vec::new(), Arc::clone(&schema), Some(properties)).map_err(no_parquet)?;
        Ok(Self { schema, writer })
    }
}

impl Encode for Parquet {
    fn write(&mut self, piece: &Piece, from: usize) -> Result<usize> {
        let batch = piece.batch(from, &self.schema)?;
        self.writer.write(&batch).map_err(no_parquet)?;
        Ok(from + batch.num_rows())
    }

    fn written(&mut self) -> &mut Vec<u8> {
        self.writer.inner_mut()
    }

    fn finish(mut self: Box<Self>) -> Result<Vec<u8>> {
        self.writer.finish().map_err(no_parquet)?;
        Ok(std::mem::take(self.writer.inner_mut()))
    }
}

fn no_arrow(e: ArrowError) -> Error {
    Error::Invalid(format!("the table cannot be written as Arrow: {e}; ask for `format=jsonl`"))
}

fn no_parquet(e: ParquetError) -> Error {
    Error::Invalid(format!("the table cannot be written as Parquet: {e}; ask for `format=jsonl`"))
}
