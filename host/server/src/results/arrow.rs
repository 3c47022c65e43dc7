//! Arrow's types and values as SQL names and JSON shows them.

use std::sync::Arc;

use arrow::{
    array::{Array, ArrayRef, AsArray, RecordBatch},
    datatypes::{
        DataType, Field, FieldRef, Fields, Float16Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type,
        Int64Type, Schema, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
    },
    util::display::{ArrayFormatter, FormatOptions},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Map, Value};

use super::{
    kind::double,
    rows::{Budget, Full},
};

/// A type as SQL names it.
pub(super) fn type_name(data_type: &DataType) -> String {
    let plain = match data_type {
        DataType::Null => "void",
        DataType::Boolean => "boolean",
        DataType::Int8 => "tinyint",
        DataType::Int16 | DataType::UInt8 => "smallint",
        DataType::Int32 | DataType::UInt16 => "int",
        DataType::Int64 | DataType::UInt32 => "bigint",
        DataType::UInt64 => "decimal(20,0)",
        DataType::Float16 | DataType::Float32 => "float",
        DataType::Float64 => "double",
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => "string",
        DataType::Binary | DataType::LargeBinary | DataType::BinaryView | DataType::FixedSizeBinary(_) => "binary",
        DataType::Date32 | DataType::Date64 => "date",
        DataType::Timestamp(..) => "timestamp",
        DataType::Time32(_) | DataType::Time64(_) => "time",
        DataType::Duration(_) | DataType::Interval(_) => "interval",
        DataType::Decimal32(p, s)
        | DataType::Decimal64(p, s)
        | DataType::Decimal128(p, s)
        | DataType::Decimal256(p, s) => return format!("decimal({p},{s})"),
        DataType::List(field)
        | DataType::LargeList(field)
        | DataType::ListView(field)
        | DataType::LargeListView(field)
        | DataType::FixedSizeList(field, _) => return format!("array<{}>", type_name(field.data_type())),
        DataType::Struct(fields) => {
            let fields: Vec<String> =
                fields.iter().map(|field| format!("{}:{}", field.name(), type_name(field.data_type()))).collect();
            return format!("struct<{}>", fields.join(","));
        }
        DataType::Map(entries, _) => {
            return match entry(entries) {
                Some((key, value)) => format!("map<{},{}>", type_name(key.data_type()), type_name(value.data_type())),
                None => "map".to_owned(),
            };
        }
        DataType::Dictionary(_, values) => return type_name(values),
        DataType::RunEndEncoded(_, values) => return type_name(values.data_type()),
        DataType::Union(..) => "variant",
    };
    plain.to_owned()
}

/// The same schema with views in place of copies.
pub(super) fn viewed(schema: &Schema) -> Schema {
    Schema::new(schema.fields().iter().map(viewed_field).collect::<Fields>())
}

fn viewed_field(field: &FieldRef) -> FieldRef {
    let data_type = match field.data_type() {
        DataType::Utf8 => DataType::Utf8View,
        DataType::Binary => DataType::BinaryView,
        DataType::List(item) => DataType::List(viewed_field(item)),
        DataType::Struct(fields) => DataType::Struct(fields.iter().map(viewed_field).collect()),
        DataType::Map(entries, sorted) => DataType::Map(viewed_field(entries), *sorted),
        other => other.clone(),
    };
    Arc::new(Field::clone(field).with_data_type(data_type))
}

/// A file's own schema, completed by what was noted beside it: times that the file can only say as whole numbers.
pub(super) fn completed(own: &Schema, noted: &Schema) -> Schema {
    Schema::new(completed_fields(own.fields(), noted.fields()))
}

fn completed_fields(own: &Fields, noted: &Fields) -> Fields {
    own.iter().enumerate().map(|(at, own)| completed_field(own, noted.get(at))).collect()
}

fn completed_field(own: &FieldRef, noted: Option<&FieldRef>) -> FieldRef {
    let Some(noted) = noted.filter(|noted| noted.name() == own.name()) else { return Arc::clone(own) };
    let data_type = match (own.data_type(), noted.data_type()) {
        (
            DataType::Int32 | DataType::Int64,
            time @ (DataType::Timestamp(..) | DataType::Time32(_) | DataType::Duration(_) | DataType::Date64),
        ) => time.clone(),
        (DataType::List(own), DataType::List(noted)) => DataType::List(completed_field(own, Some(noted))),
        (DataType::Struct(own), DataType::Struct(noted)) => DataType::Struct(completed_fields(own, noted)),
        (DataType::Map(own, sorted), DataType::Map(noted, _)) => {
            DataType::Map(completed_field(own, Some(noted)), *sorted)
        }
        (own, _) => own.clone(),
    };
    Arc::new(Field::clone(own).with_data_type(data_type))
}

/// One row as JSON.
pub(super) fn row(batch: &RecordBatch, row: usize, left: &mut Budget) -> Result<Vec<Value>, Full> {
    batch.columns().iter().map(|column| cell(column, row, left)).collect()
}

/// One cell as JSON.
fn cell(array: &ArrayRef, row: usize, left: &mut Budget) -> Result<Value, Full> {
    left.take(4)?;
    if array.is_null(row) {
        return Ok(Value::Null);
    }
    let text = |text: &str, left: &mut Budget| left.take(text.len()).map(|()| Value::from(text));
    let binary = |bytes: &[u8], left: &mut Budget| {
        left.take(bytes.len().saturating_mul(4) / 3).map(|()| Value::from(STANDARD.encode(bytes)))
    };
    Ok(match array.data_type() {
        DataType::Null => Value::Null,
        DataType::Boolean => array.as_boolean().value(row).into(),
        DataType::Int8 => array.as_primitive::<Int8Type>().value(row).into(),
        DataType::Int16 => array.as_primitive::<Int16Type>().value(row).into(),
        DataType::Int32 => array.as_primitive::<Int32Type>().value(row).into(),
        DataType::Int64 => array.as_primitive::<Int64Type>().value(row).into(),
        DataType::UInt8 => array.as_primitive::<UInt8Type>().value(row).into(),
        DataType::UInt16 => array.as_primitive::<UInt16Type>().value(row).into(),
        DataType::UInt32 => array.as_primitive::<UInt32Type>().value(row).into(),
        DataType::UInt64 => array.as_primitive::<UInt64Type>().value(row).to_string().into(),
        DataType::Float16 => double(array.as_primitive::<Float16Type>().value(row).to_f64()),
        DataType::Float32 => single(array.as_primitive::<Float32Type>().value(row)),
        DataType::Float64 => double(array.as_primitive::<Float64Type>().value(row)),
        DataType::Utf8 => text(array.as_string::<i32>().value(row), left)?,
        DataType::LargeUtf8 => text(array.as_string::<i64>().value(row), left)?,
        DataType::Utf8View => text(array.as_string_view().value(row), left)?,
        DataType::Binary => binary(array.as_binary::<i32>().value(row), left)?,
        DataType::LargeBinary => binary(array.as_binary::<i64>().value(row), left)?,
        DataType::BinaryView => binary(array.as_binary_view().value(row), left)?,
        DataType::FixedSizeBinary(_) => binary(array.as_fixed_size_binary().value(row), left)?,
        DataType::List(_) => list(&array.as_list::<i32>().value(row), left)?,
        DataType::LargeList(_) => list(&array.as_list::<i64>().value(row), left)?,
        DataType::FixedSizeList(..) => list(&array.as_fixed_size_list().value(row), left)?,
        DataType::Struct(fields) => {
            let values = array.as_struct().columns();
            let mut object = Map::new();
            for (field, values) in fields.iter().zip(values) {
                left.take(field.name().len())?;
                object.insert(field.name().clone(), cell(values, row, left)?);
            }
            Value::Object(object)
        }
        DataType::Map(..) => map(&array.as_map().value(row), left)?,
        _ => written(array, row, left)?,
    })
}

fn list(items: &ArrayRef, left: &mut Budget) -> Result<Value, Full> {
    (0..items.len()).map(|item| cell(items, item, left)).collect::<Result<Vec<_>, _>>().map(Value::Array)
}

/// An object where the keys are text, else a list of keys and values.
fn map(entries: &arrow::array::StructArray, left: &mut Budget) -> Result<Value, Full> {
    let [keys, values] = entries.columns() else { return Ok(Value::Null) };
    let pairs = (0..entries.len()).map(|at| Ok((cell(keys, at, left)?, cell(values, at, left)?)));
    let pairs = pairs.collect::<Result<Vec<_>, Full>>()?;
    let texts: Option<Map<String, Value>> =
        pairs.iter().map(|(key, value)| Some((key.as_str()?.to_owned(), value.clone()))).collect();
    Ok(texts.map_or_else(
        || pairs.into_iter().map(|(key, value)| serde_json::json!({ "key": key, "value": value })).collect(),
        Value::Object,
    ))
}

/// Dates, times and decimals: as Arrow writes them. Names of zones give way to UTC, which is the same moment.
fn written(array: &ArrayRef, row: usize, left: &mut Budget) -> Result<Value, Full> {
    left.take(40)?;
    let one = array.slice(row, 1);
    let one = match one.data_type() {
        DataType::Timestamp(unit, Some(_)) => {
            arrow::compute::cast(&one, &DataType::Timestamp(*unit, Some("+00:00".into()))).unwrap_or(one)
        }
        _ => one,
    };
    let options = FormatOptions::default().with_display_error(false);
    let text = ArrayFormatter::try_new(&one, &options).and_then(|formatter| formatter.value(0).try_to_string());
    // Such as a date beyond the calendar.
    Ok(text.unwrap_or_else(|_| "out of range".to_owned()).into())
}

/// The shortest number that is the same single: 0.1, not 0.10000000149011612.
fn single(number: f32) -> Value {
    double(number.to_string().parse().unwrap_or_else(|_| f64::from(number)))
}

fn entry(entries: &Field) -> Option<(&FieldRef, &FieldRef)> {
    match entries.data_type() {
        DataType::Struct(fields) => fields.first().zip(fields.get(1)),
        _ => None,
    }
}
