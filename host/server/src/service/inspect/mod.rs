//! Finds out what is in an object: format, columns with types, how to read it, and a sample.

mod csv;
#[cfg(test)]
mod fuzz;

use std::io::Cursor;

use arrow::datatypes::DataType;
use enginehouse_capabilities::{ObjectUri, Objects};
use enginehouse_runtime::{Column, ObjectSource};

use super::{Error, Result};
use crate::results;

/// How much of an object is looked at. Types are told only where that was all of it: a later row could be of another.
const HEAD_BYTES: u64 = 8 * 1024 * 1024;
/// The contract's limits.
const SAMPLE_BYTES: usize = 4 * 1024;
const MAX_COLUMNS: usize = 2000;
const MAX_NAME_BYTES: usize = 256;

/// What callers may say instead of having it detected.
#[derive(Debug, Clone, Default)]
pub struct Hints {
    /// `csv`, `parquet` or `json`.
    pub format: Option<String>,
    /// Whether the first line of a CSV holds names.
    pub header: Option<bool>,
    /// What separates the cells of a CSV.
    pub delimiter: Option<char>,
}

impl Hints {
    /// Takes what a caller says about a CSV: `header` or `delimiter`.
    ///
    /// # Errors
    /// [`Error::Invalid`] for any other name, and for a value that is none.
    pub fn tell(&mut self, name: &str, value: &str) -> Result<()> {
        let mut characters = value.chars();
        match (name, value, (characters.next(), characters.next())) {
            ("header", "true" | "false", _) => self.header = Some(value == "true"),
            ("delimiter", _, (Some(delimiter), None)) => self.delimiter = Some(delimiter),
            ("header", ..) => return Err(Error::Invalid(format!("`header` is `true` or `false`, not `{value}`"))),
            ("delimiter", ..) => return Err(Error::Invalid(format!("`delimiter` is one character, not `{value}`"))),
            _ => {
                let known = "an object has the properties `header` and `delimiter`";
                return Err(Error::Invalid(format!("there is no property `{name}`: {known}")));
            }
        }
        Ok(())
    }
}

/// Looks at an object, or at the first object under a prefix.
///
/// # Errors
/// [`Error::Invalid`] where it is empty or not what its name says; [`Error::Capability`] where it is not there.
pub async fn object(objects: &dyn Objects, uri: &ObjectUri, hints: &Hints) -> Result<ObjectSource> {
    let (first, bytes) = first_of(objects, uri).await?;
    let format = format_of(first.name(), hints)?.to_owned();
    let mut source = ObjectSource {
        uri: uri.to_string(),
        format: Some(format.clone()),
        bytes: Some(bytes),
        columns: Vec::new(),
        properties: Vec::new(),
        sample: None,
    };
    match format.as_str() {
        "csv" => {
            let head = objects.read(&first, 0, HEAD_BYTES).await?;
            let whole = u64::try_from(head.len()).is_ok_and(|read| read < HEAD_BYTES);
            csv::describe(&mut source, &head, whole, hints)?;
        }
        "parquet" => source.columns = parquet_columns(objects, first).await?,
        _ => {
            let head = objects.read(&first, 0, HEAD_BYTES).await?;
            source.columns = json_columns(whole_lines(&head))?;
            source.sample = Some(sample(&String::from_utf8_lossy(&head)));
        }
    }
    for column in &source.columns {
        if column.name.len() > MAX_NAME_BYTES {
            return Err(Error::Invalid(format!("a column name of {uri} has more than {MAX_NAME_BYTES} bytes")));
        }
    }
    if source.columns.len() > MAX_COLUMNS {
        let found = source.columns.len();
        return Err(Error::Invalid(format!("{uri} has {found} columns; at most {MAX_COLUMNS} can be handled")));
    }
    Ok(source)
}

async fn first_of(objects: &dyn Objects, uri: &ObjectUri) -> Result<(ObjectUri, u64)> {
    if !uri.is_prefix() {
        let bytes = objects.head(uri).await?.bytes;
        return Ok((uri.clone(), bytes));
    }
    let (mut first, mut bytes, mut after) = (None, 0, None);
    loop {
        let page = objects.list(uri, after.as_deref()).await?;
        for entry in page.entries {
            bytes += entry.bytes;
            if first.is_none() && !entry.uri.name().starts_with(['_', '.']) && !entry.uri.is_prefix() {
                first = Some(entry.uri);
            }
        }
        match page.next {
            Some(next) => after = Some(next),
            None => break,
        }
    }
    match first {
        Some(first) => Ok((first, bytes)),
        None => Err(Error::NotFound(format!("there is no object under {uri}: upload one, or name another prefix"))),
    }
}

/// `csv`, `parquet` or `json`: as told, else by the ending of the name, else `csv`.
pub fn format_of(name: &str, hints: &Hints) -> Result<&'static str> {
    let ending = name.rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase());
    match (hints.format.as_deref(), ending.as_deref()) {
        (Some("csv"), _) => Ok("csv"),
        (Some("parquet"), _) | (None, Some("parquet")) => Ok("parquet"),
        (Some("json"), _) | (None, Some("json" | "jsonl" | "ndjson")) => Ok("json"),
        (None, _) => Ok("csv"),
        (Some(format), _) => Err(Error::Invalid(format!("`{format}` is no format: use `csv`, `parquet` or `json`"))),
    }
}

async fn parquet_columns(objects: &dyn Objects, uri: ObjectUri) -> Result<Vec<Column>> {
    let name = uri.name().to_owned();
    let table =
        results::ResultTable { name, format: results::Format::Parquet, header: false, escape: None, uris: vec![uri] };
    let page = results::read_page(objects, &table, 0, 1).await?;
    let column = |c: results::ColumnSchema| Column { name: c.name, data_type: Some(c.data_type), comment: None };
    Ok(page.columns.into_iter().map(column).collect())
}

fn json_columns(head: &[u8]) -> Result<Vec<Column>> {
    let (schema, _) = arrow::json::reader::infer_json_schema(Cursor::new(head), None)
        .map_err(|error| Error::Invalid(format!("the object cannot be read as lines of JSON: {error}")))?;
    let column = |field: &std::sync::Arc<arrow::datatypes::Field>| Column {
        name: field.name().clone(),
        data_type: Some(type_name(field.data_type()).to_owned()),
        comment: None,
    };
    Ok(schema.fields().iter().map(column).collect())
}

/// The type's name as catalogs write it.
fn type_name(data_type: &DataType) -> &'static str {
    match data_type {
        DataType::Int64 | DataType::UInt64 | DataType::Int32 => "bigint",
        DataType::Float64 | DataType::Float32 => "double",
        DataType::Boolean => "boolean",
        DataType::Date32 | DataType::Date64 => "date",
        DataType::Timestamp(..) => "timestamp",
        _ => "string",
    }
}

/// All lines but the last, which may be cut off.
fn whole_lines(head: &[u8]) -> &[u8] {
    let end = head.iter().rposition(|byte| *byte == b'\n').map_or(head.len(), |at| at + 1);
    head.get(..end).unwrap_or(head)
}

/// The first lines, as far as they fit into the contract's limit; one that does not fit is left out.
fn sample(text: &str) -> String {
    let mut taken = String::new();
    for line in text.lines().take(6) {
        if taken.len() + line.len() + 1 > SAMPLE_BYTES {
            break;
        }
        taken.push_str(line);
        taken.push('\n');
    }
    taken
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sample_is_whole_lines_within_its_limit() {
        let long = format!("a\n{}\n", "x".repeat(5000));
        assert_eq!(sample(&long), "a\n");
    }
}
