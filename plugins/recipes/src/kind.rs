//! Reads the catalog's type names, and what a column's own name says of its use.

use crate::{names, plan::Kind};

impl Kind {
    /// Of a catalog's or an engine's type name.
    pub(crate) fn of(data_type: Option<&str>) -> Self {
        let Some(name) = data_type else { return Self::Unknown };
        let name = name.trim().to_ascii_lowercase();
        match name.split(['(', '<', ' ']).next().unwrap_or_default() {
            "tinyint" | "smallint" | "int" | "integer" | "bigint" | "long" | "short" | "byte" | "int8" | "int16"
            | "int32" | "int64" => Self::Integer,
            "float" | "double" | "real" | "decimal" | "numeric" | "dec" | "float32" | "float64" => Self::Fraction,
            "string" | "varchar" | "char" | "text" | "character" => Self::Text,
            "date" => Self::Date,
            "timestamp" | "timestamp_ntz" | "timestamp_ltz" | "datetime" => Self::Timestamp,
            "boolean" | "bool" => Self::Boolean,
            "" => Self::Unknown,
            _ => Self::Other,
        }
    }

    pub(crate) fn is_numeric(self) -> bool {
        matches!(self, Self::Integer | Self::Fraction)
    }

    pub(crate) fn is_temporal(self) -> bool {
        matches!(self, Self::Date | Self::Timestamp)
    }
}

/// Numbers that only name things: a total or a mean of them says nothing.
pub(crate) fn is_label(name: &str) -> bool {
    const LABELS: [&str; 18] = [
        "id", "key", "code", "no", "uuid", "guid", "zip", "postcode", "postal", "phone", "year", "month", "day",
        "quarter", "week", "hour", "lat", "lon",
    ];
    has_any(name, &LABELS)
}

/// Numbers that are averaged where others are summed: a total of prices says nothing.
pub(crate) fn is_rate(name: &str) -> bool {
    const RATES: [&str; 17] = [
        "price",
        "rate",
        "ratio",
        "percent",
        "percentage",
        "pct",
        "age",
        "score",
        "rating",
        "temperature",
        "discount",
        "average",
        "avg",
        "mean",
        "margin",
        "height",
        "weight",
    ];
    has_any(name, &RATES)
}

/// Text that is different in nearly every row.
pub(crate) fn is_particular(name: &str) -> bool {
    const PARTICULARS: [&str; 14] = [
        "id",
        "name",
        "email",
        "address",
        "description",
        "comment",
        "note",
        "url",
        "phone",
        "uuid",
        "date",
        "time",
        "title",
        "text",
    ];
    has_any(name, &PARTICULARS)
}

fn has_any(name: &str, words: &[&str]) -> bool {
    names::parts(name).iter().any(|part| words.contains(&names::stem(part).as_str()) || words.contains(&part.as_str()))
}
