//! Batches of parts brought into the one shape of their table, and into bounded pieces.

use std::sync::Arc;

use arrow::{
    array::{Array, ArrayRef, AsArray, RecordBatch, RecordBatchOptions},
    compute::{CastOptions, cast_with_options},
    datatypes::{DataType, Field, FieldRef, Fields, Schema, SchemaRef},
    error::ArrowError,
};

use super::rows::MAX_ROW_BYTES;

/// About the most bytes of a piece with more than one row.
const PIECE_BYTES: usize = 8 << 20;

/// The schema that holds the rows of both: the first, nullable where either is. None where types differ.
pub(super) fn merged(one: &Schema, other: &Schema) -> Option<Schema> {
    let fields = merged_fields(one.fields(), other.fields())?;
    Some(Schema::new_with_metadata(fields, one.metadata().clone()))
}

fn merged_fields(one: &Fields, other: &Fields) -> Option<Fields> {
    let fields = one.iter().zip(other).map(|(one, other)| merged_field(one, other));
    if one.len() == other.len() { fields.collect() } else { None }
}

fn merged_field(one: &FieldRef, other: &FieldRef) -> Option<FieldRef> {
    let data_type = match (one.data_type(), other.data_type()) {
        (DataType::List(one), DataType::List(other)) => DataType::List(merged_field(one, other)?),
        (DataType::Struct(one), DataType::Struct(other)) => DataType::Struct(merged_fields(one, other)?),
        (DataType::Map(one, sorted), DataType::Map(other, _)) => DataType::Map(merged_field(one, other)?, *sorted),
        (one, other) if one == other => one.clone(),
        _ => return None,
    };
    let nullable = one.is_nullable() || other.is_nullable();
    Some(Arc::new(Field::clone(one).with_data_type(data_type).with_nullable(nullable)))
}

/// Rows of a batch from `from` on, in the table's schema, with every value written out. At least one row, and no more
/// than stay within a few MiB: views may stand for far more than they take.
///
/// # Errors
/// Where one row alone is too large, or the batch has other columns.
pub(super) fn piece(batch: &RecordBatch, from: usize, schema: &SchemaRef) -> Result<RecordBatch, ArrowError> {
    let mut rows = batch.slice(from, batch.num_rows().saturating_sub(from));
    loop {
        let bytes = rows.columns().iter().map(bytes).fold(0, usize::saturating_add);
        if bytes <= PIECE_BYTES || rows.num_rows() <= 1 && bytes <= MAX_ROW_BYTES {
            break;
        }
        if rows.num_rows() <= 1 {
            let text = format!("a row is larger than {} MiB: download the part from /v1/objects", MAX_ROW_BYTES >> 20);
            return Err(ArrowError::InvalidArgumentError(text));
        }
        rows = rows.slice(0, rows.num_rows() / 2);
    }
    let options = CastOptions { safe: false, ..CastOptions::default() };
    let columns = rows.columns().iter().zip(schema.fields()).map(|(column, field)| match field.data_type() {
        same if same == column.data_type() => Ok(Arc::clone(column)),
        other => cast_with_options(column, other, &options),
    });
    let columns = columns.collect::<Result<Vec<_>, _>>()?;
    let count = RecordBatchOptions::new().with_row_count(Some(rows.num_rows()));
    RecordBatch::try_new_with_options(Arc::clone(schema), columns, &count)
}

/// About the bytes of an array with every value written out.
fn bytes(array: &ArrayRef) -> usize {
    // A view's length is its lower half.
    let views =
        |views: &[u128]| views.iter().map(|view| (view & 0xffff_ffff) as usize + 16).fold(0, usize::saturating_add);
    match array.data_type() {
        DataType::Utf8View => views(array.as_string_view().views()),
        DataType::BinaryView => views(array.as_binary_view().views()),
        DataType::Struct(_) => array.as_struct().columns().iter().map(bytes).fold(0, usize::saturating_add),
        DataType::List(_) => {
            let list = array.as_list::<i32>();
            held(list.values(), list.value_offsets())
        }
        DataType::Map(..) => {
            let map = array.as_map();
            let entries: ArrayRef = Arc::new(map.entries().clone());
            held(&entries, map.value_offsets())
        }
        _ => array.to_data().get_slice_memory_size().unwrap_or(usize::MAX),
    }
}

/// About the bytes of the items between the first offset and the last.
fn held(items: &ArrayRef, offsets: &[i32]) -> usize {
    let (Some(first), Some(last)) = (offsets.first(), offsets.last()) else { return 0 };
    let (Ok(first), Ok(last)) = (usize::try_from(*first), usize::try_from(*last)) else { return usize::MAX };
    bytes(&items.slice(first, last.saturating_sub(first))).saturating_add(offsets.len() * 4)
}
