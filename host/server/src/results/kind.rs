//! What type the values of a column of text have.

use serde_json::Value;

use super::rows::{Budget, Full};

/// The type of a value that does not say its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Kind {
    /// No value seen.
    #[default]
    Nothing,
    Boolean,
    BigInt,
    Double,
    Date,
    Timestamp,
    String,
    Array,
    Struct,
}

impl Kind {
    /// A number counts as one only if nothing of it is lost: `007` and 20 digits are text.
    pub(super) fn of_text(text: &str) -> Self {
        match text {
            "" => Self::Nothing,
            "true" | "false" | "True" | "False" | "TRUE" | "FALSE" => Self::Boolean,
            "NaN" | "Infinity" | "-Infinity" | "inf" | "-inf" => Self::Double,
            _ if is_number(text) => match text.parse::<i64>() {
                Ok(_) => Self::BigInt,
                Err(_) if text.contains(['.', 'e', 'E']) => Self::Double,
                Err(_) => Self::String,
            },
            _ if is_date(text) => Self::Date,
            _ if is_timestamp(text) => Self::Timestamp,
            _ => Self::String,
        }
    }

    pub(super) fn of_json(value: &Value) -> Self {
        match value {
            Value::Null => Self::Nothing,
            Value::Bool(_) => Self::Boolean,
            Value::Number(number) if number.is_f64() => Self::Double,
            Value::Number(_) => Self::BigInt,
            Value::String(_) => Self::String,
            Value::Array(_) => Self::Array,
            Value::Object(_) => Self::Struct,
        }
    }

    /// The narrowest type that holds both.
    pub(super) fn or(self, other: Self) -> Self {
        match (self, other) {
            (one, other) if one == other => one,
            (Self::Nothing, one) | (one, Self::Nothing) => one,
            (Self::BigInt, Self::Double) | (Self::Double, Self::BigInt) => Self::Double,
            (Self::Date, Self::Timestamp) | (Self::Timestamp, Self::Date) => Self::Timestamp,
            _ => Self::String,
        }
    }

    /// As SQL names it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Boolean => "boolean",
            Self::BigInt => "bigint",
            Self::Double => "double",
            Self::Date => "date",
            Self::Timestamp => "timestamp",
            Self::Nothing | Self::String => "string",
            Self::Array => "array",
            Self::Struct => "struct",
        }
    }

    /// A cell of a column of this type. What does not fit the type stays text, so that nothing is lost.
    pub(super) fn cell(self, text: &str, left: &mut Budget) -> Result<Value, Full> {
        left.take(text.len())?;
        Ok(match (self, Self::of_text(text)) {
            (_, Self::Nothing) => Value::Null,
            (Self::Boolean, Self::Boolean) => Value::Bool(text.eq_ignore_ascii_case("true")),
            (Self::BigInt, Self::BigInt) => text.parse::<i64>().map_or_else(|_| text.into(), Value::from),
            (Self::Double, Self::BigInt | Self::Double) => match text.parse::<f64>() {
                Ok(number) => double(number),
                Err(_) => text.into(),
            },
            (Self::Timestamp, Self::Timestamp) => text.replacen(' ', "T", 1).into(),
            _ => text.into(),
        })
    }
}

/// JSON has no name for what is no number.
pub(super) fn double(number: f64) -> Value {
    match serde_json::Number::from_f64(number) {
        Some(number) => Value::Number(number),
        None if number.is_nan() => "NaN".into(),
        None if number > 0.0 => "Infinity".into(),
        None => "-Infinity".into(),
    }
}

/// As JSON writes numbers, but for a point first or last.
fn is_number(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let (mantissa, exponent) = digits.split_once(['e', 'E']).map_or((digits, None), |(m, e)| (m, Some(e)));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let all = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    let exponent_fits = exponent.is_none_or(|e| {
        let e = e.strip_prefix(['+', '-']).unwrap_or(e);
        !e.is_empty() && all(e)
    });
    let leading_zero = whole.len() > 1 && whole.starts_with('0');
    !(whole.is_empty() && fraction.is_empty()) && all(whole) && all(fraction) && exponent_fits && !leading_zero
}

fn is_date(text: &str) -> bool {
    matches_pattern(text, "dddd-dd-dd")
}

/// `2024-01-31 12:00:00`, with a `T` or a blank, with or without a fraction and a zone.
fn is_timestamp(text: &str) -> bool {
    let (Some(date), Some(clock), Some(rest)) = (text.get(..10), text.get(11..19), text.get(19..)) else {
        return false;
    };
    let zone = match rest.strip_prefix('.') {
        Some(fraction) => fraction.trim_start_matches(|c: char| c.is_ascii_digit()),
        None => rest,
    };
    let zone_fits = matches!(zone, "" | "Z" | " UTC")
        || zone.strip_prefix(['+', '-']).is_some_and(|zone| {
            matches_pattern(zone, "dd:dd") || matches_pattern(zone, "dddd") || matches_pattern(zone, "dd")
        });
    is_date(date)
        && matches!(text.as_bytes().get(10), Some(b'T' | b' '))
        && matches_pattern(clock, "dd:dd:dd")
        && zone_fits
}

/// `d` stands for a digit.
fn matches_pattern(text: &str, pattern: &str) -> bool {
    text.len() == pattern.len()
        && text.bytes().zip(pattern.bytes()).all(|(b, p)| if p == b'd' { b.is_ascii_digit() } else { b == p })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_type_is_only_what_loses_nothing() {
        for (text, kind) in [
            ("", Kind::Nothing),
            ("true", Kind::Boolean),
            ("0", Kind::BigInt),
            ("-9223372036854775808", Kind::BigInt),
            ("9223372036854775808", Kind::String),
            ("007", Kind::String),
            ("+1", Kind::String),
            ("-", Kind::String),
            (".", Kind::String),
            ("e5", Kind::String),
            ("1e", Kind::String),
            ("1.5", Kind::Double),
            ("-.5", Kind::Double),
            ("1E-3", Kind::Double),
            ("NaN", Kind::Double),
            ("2024-01-31", Kind::Date),
            ("2024-01-31 12:00:00", Kind::Timestamp),
            ("2024-01-31T12:00:00.123456+02:00", Kind::Timestamp),
            ("2024-01-31T12:00:00Z", Kind::Timestamp),
            ("2024-01-31T12:00:00 nonsense", Kind::String),
            ("1.2.3", Kind::String),
            ("日本語日本語日本語", Kind::String),
        ] {
            assert_eq!(Kind::of_text(text), kind, "{text:?}");
        }
    }

    #[test]
    fn types_widen() {
        assert_eq!(Kind::BigInt.or(Kind::Double), Kind::Double);
        assert_eq!(Kind::Nothing.or(Kind::Date), Kind::Date);
        assert_eq!(Kind::Boolean.or(Kind::BigInt), Kind::String);
    }
}
