//! What the values of a column of text tell about it.

use std::sync::Arc;

use arrow::{
    array::{ArrayRef, BooleanArray, Date32Array, Float64Array, Int64Array, StringArray, TimestampMicrosecondArray},
    compute::kernels::cast_utils::{Parser, string_to_datetime},
    datatypes::{DataType, Date32Type, Field, TimeUnit},
};
use serde_json::Value;

use super::{ColumnSchema, kind::Kind};

/// A column of CSV or JSON.
#[derive(Debug, Clone)]
pub(super) struct Column {
    pub(super) name: String,
    /// As pages tell it.
    pub(super) kind: Kind,
    fits: Fits,
}

/// A set of the types below that hold every value so far, as pages show it.
type Fits = u8;

const BOOLEAN: Fits = 1;
const INT: Fits = 2;
const DOUBLE: Fits = 4;
const DATE: Fits = 8;
/// A time without a zone, and one with.
const TIMESTAMP: Fits = 16;
const MOMENT: Fits = 32;
const ANY: Fits = 63;
const NONE: Fits = 0;

/// The largest whole number up to which a double holds all.
const EXACT: u64 = 1 << 53;

impl Column {
    pub(super) fn new(name: String) -> Self {
        Self { name, kind: Kind::Nothing, fits: ANY }
    }

    /// Takes a cell of a CSV into account.
    pub(super) fn see_text(&mut self, text: &str) {
        let kind = Kind::of_text(text);
        self.kind = self.kind.or(kind);
        if self.fits != NONE {
            self.fits &= fits_text(kind, text);
        }
    }

    /// Takes a value of JSON into account.
    pub(super) fn see_json(&mut self, value: &Value) {
        self.kind = self.kind.or(Kind::of_json(value));
        self.fits &= match value {
            Value::Null => ANY,
            Value::Bool(_) => BOOLEAN,
            Value::Number(number) => match number.as_i64() {
                Some(number) => fits_int(number),
                None if number.is_f64() => DOUBLE,
                None => NONE,
            },
            Value::String(_) | Value::Array(_) | Value::Object(_) => NONE,
        };
    }

    /// Takes what the same column has elsewhere into account.
    pub(super) fn or(&mut self, other: &Self) {
        self.kind = self.kind.or(other.kind);
        self.fits &= other.fits;
    }

    /// The column as text, where not all of its values were seen.
    pub(super) fn into_text(self) -> Self {
        Self { name: self.name, kind: Kind::String, fits: NONE }
    }

    /// The column with its text left as it is where no type holds every value.
    pub(super) fn told_exactly(self) -> Self {
        if self.data_type() == DataType::Utf8 { self.into_text() } else { self }
    }

    /// The type that holds all values that were seen, text where none does or there was none.
    pub(super) fn data_type(&self) -> DataType {
        match self.fits {
            ANY => DataType::Utf8,
            fits if fits & BOOLEAN != 0 => DataType::Boolean,
            fits if fits & INT != 0 => DataType::Int64,
            fits if fits & DOUBLE != 0 => DataType::Float64,
            fits if fits & DATE != 0 => DataType::Date32,
            fits if fits & TIMESTAMP != 0 => DataType::Timestamp(TimeUnit::Microsecond, None),
            fits if fits & MOMENT != 0 => DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
            _ => DataType::Utf8,
        }
    }

    /// The column as Arrow has it.
    pub(super) fn field(&self) -> Field {
        Field::new(&self.name, self.data_type(), true)
    }

    /// The column as pages tell it.
    pub(super) fn described(self) -> ColumnSchema {
        ColumnSchema { name: self.name, data_type: self.kind.name().to_owned() }
    }
}

fn fits_text(kind: Kind, text: &str) -> Fits {
    match kind {
        Kind::Nothing => ANY,
        Kind::Boolean => BOOLEAN,
        Kind::BigInt => text.parse().map_or(NONE, fits_int),
        // A number that no double reaches would become infinite.
        Kind::Double => match text.parse::<f64>() {
            Ok(number) if number.is_infinite() && text.contains(|c: char| c.is_ascii_digit()) => NONE,
            Ok(_) => DOUBLE,
            Err(_) => NONE,
        },
        Kind::Date => Date32Type::parse(text).map_or(NONE, |_| DATE),
        Kind::Timestamp => match (micros(text), has_zone(text)) {
            (None, _) => NONE,
            (Some(_), false) => TIMESTAMP,
            (Some(_), true) => MOMENT,
        },
        Kind::String | Kind::Array | Kind::Struct => NONE,
    }
}

fn fits_int(number: i64) -> Fits {
    if number.unsigned_abs() <= EXACT { INT | DOUBLE } else { INT }
}

/// Whether what stands behind date and clock names a zone.
fn has_zone(text: &str) -> bool {
    text.get(19..).is_some_and(|rest| rest.contains(['Z', 'C', '+', '-']))
}

/// Microseconds since the Unix epoch; none where it is no time, or finer.
fn micros(text: &str) -> Option<i64> {
    let utc: arrow::array::timezone::Tz = "+00:00".parse().ok()?;
    let time = string_to_datetime(&utc, text).ok()?;
    let nanos = time.timestamp_subsec_nanos();
    (nanos % 1000 == 0 && nanos < 1_000_000_000).then(|| time.timestamp_micros())
}

/// The cells of a column as an array of its type; none where one does not fit.
pub(super) fn array<'a>(data_type: &DataType, cells: impl Iterator<Item = &'a Value>) -> Option<ArrayRef> {
    Some(match data_type {
        DataType::Boolean => Arc::new(each(cells, Value::as_bool)?.collect::<BooleanArray>()),
        DataType::Int64 => Arc::new(each(cells, Value::as_i64)?.collect::<Int64Array>()),
        DataType::Float64 => Arc::new(each(cells, number)?.collect::<Float64Array>()),
        DataType::Date32 => Arc::new(each(cells, |cell| Date32Type::parse(cell.as_str()?))?.collect::<Date32Array>()),
        DataType::Timestamp(_, zone) => {
            let times = each(cells, |cell| micros(cell.as_str()?))?.collect::<TimestampMicrosecondArray>();
            Arc::new(times.with_timezone_opt(zone.clone()))
        }
        _ => Arc::new(each(cells, |cell| Some(text(cell)))?.collect::<StringArray>()),
    })
}

/// What is made of each cell, nothing of nothing; none where one cannot be made.
fn each<'a, T>(
    cells: impl Iterator<Item = &'a Value>,
    make: impl Fn(&'a Value) -> Option<T>,
) -> Option<std::vec::IntoIter<Option<T>>> {
    let cells = cells.map(|cell| if cell.is_null() { Some(None) } else { make(cell).map(Some) });
    cells.collect::<Option<Vec<_>>>().map(Vec::into_iter)
}

fn number(cell: &Value) -> Option<f64> {
    match cell {
        Value::String(text) => text.parse().ok(),
        cell => cell.as_f64(),
    }
}

/// A value as text: as it is where it is text, nothing for nothing, else as JSON.
pub(super) fn text(cell: &Value) -> std::borrow::Cow<'_, str> {
    match cell {
        Value::Null => "".into(),
        Value::String(text) => text.into(),
        other => other.to_string().into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_texts(texts: &[&str]) -> String {
        let mut column = Column::new("c".into());
        texts.iter().for_each(|text| column.see_text(text));
        column.data_type().to_string()
    }

    #[test]
    fn a_type_holds_every_value_or_it_is_text() {
        for (texts, data_type) in [
            (&["", ""][..], "Utf8"),
            (&["True", "", "false"], "Boolean"),
            (&["1", "-9223372036854775808"], "Int64"),
            (&["1", "2.5", "NaN", "-inf"], "Float64"),
            (&["9007199254740993", "2.5"], "Utf8"),
            (&["1e999"], "Utf8"),
            (&["2024-01-31", "9999-12-31"], "Date32"),
            (&["2024-02-31"], "Utf8"),
            (&["2024-01-31", "2024-01-31 12:00:00"], "Utf8"),
            (&["2024-01-31 12:00:00", "2024-01-31T12:00:00.000001"], "Timestamp(µs)"),
            (&["2024-01-31 12:00:00.000000001"], "Utf8"),
            (&["2024-01-31T12:00:00Z", "2024-01-31T12:00:00+02:00"], "Timestamp(µs, \"UTC\")"),
            (&["2024-01-31T12:00:00Z", "2024-01-31T12:00:00"], "Utf8"),
            (&["1", "x"], "Utf8"),
        ] {
            assert_eq!(of_texts(texts), data_type, "{texts:?}");
        }
    }

    #[test]
    fn what_is_beyond_a_type_of_json_is_text() {
        for (values, data_type) in [
            (serde_json::json!([null, 1, 2]), "Int64"),
            (serde_json::json!([1, 2.5]), "Float64"),
            (serde_json::json!([9_007_199_254_740_993_i64, 2.5]), "Utf8"),
            (serde_json::json!([u64::MAX]), "Utf8"),
            (serde_json::json!([true, "true"]), "Utf8"),
            (serde_json::json!([[1]]), "Utf8"),
        ] {
            let mut column = Column::new("c".into());
            values.as_array().unwrap().iter().for_each(|value| column.see_json(value));
            assert_eq!(column.data_type().to_string(), data_type, "{values}");
        }
    }
}
