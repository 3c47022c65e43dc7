//! Finds out what is in an object: format, columns with types, how to read it, and a sample.

use std::io::Cursor;

use arrow::{csv::reader::Format, datatypes::DataType};
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

/// Looks at an object, or at the first object under a prefix.
///
/// # Errors
/// [`Error::Invalid`] where it is empty or not what its name says; [`Error::Capability`] where it is not there.
pub async fn object(objects: &dyn Objects, uri: &ObjectUri, hints: &Hints) -> Result<ObjectSource> {
    let (first, bytes) = first_of(objects, uri).await?;
    let format = match &hints.format {
        Some(format) if ["csv", "parquet", "json"].contains(&format.as_str()) => format.clone(),
        Some(format) => {
            return Err(Error::Invalid(format!("`{format}` is no format: use `csv`, `parquet` or `json`")));
        }
        None => format_of(first.name()).to_owned(),
    };
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
            describe_csv(&mut source, &head, whole, hints)?;
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

fn format_of(name: &str) -> &'static str {
    match name.rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase()).as_deref() {
        Some("parquet") => "parquet",
        Some("json" | "jsonl" | "ndjson") => "json",
        _ => "csv",
    }
}

fn describe_csv(source: &mut ObjectSource, head: &[u8], whole: bool, hints: &Hints) -> Result<()> {
    let uri = &source.uri;
    if head.iter().all(u8::is_ascii_whitespace) {
        return Err(Error::Invalid(format!("{uri} is empty: it has not even a header")));
    }
    if head.contains(&0) {
        return Err(Error::Invalid(format!("{uri} is no UTF-8 text: save it as UTF-8, or say its `format`")));
    }
    let usable = if whole { head } else { whole_lines(head) };
    let text = match std::str::from_utf8(usable) {
        Ok(text) => text.strip_prefix('\u{feff}').unwrap_or(text),
        Err(error) => {
            let at = error.valid_up_to();
            return Err(Error::Invalid(format!("{uri} is no UTF-8 text at byte {at}: save it as UTF-8")));
        }
    };
    let delimiter = hints.delimiter.unwrap_or_else(|| delimiter_of(text));
    let header = hints.header.unwrap_or(true);
    let byte = u8::try_from(delimiter)
        .map_err(|_| Error::Invalid(format!("`{delimiter}` is no delimiter: use a character of ASCII")))?;
    let format = Format::default().with_header(header).with_delimiter(byte).with_truncated_rows(true);
    let (schema, rows) = format
        .infer_schema(Cursor::new(text.as_bytes()), None)
        .map_err(|error| Error::Invalid(format!("{uri} cannot be read as CSV: {error}")))?;
    source.columns = schema
        .fields()
        .iter()
        .enumerate()
        .map(|(at, field)| Column {
            // Spark gives columns without a header these names.
            name: if header { field.name().trim().to_owned() } else { format!("_c{at}") },
            data_type: (rows > 0 && whole).then(|| type_name(field.data_type()).to_owned()),
            comment: None,
        })
        .collect();
    name_check(uri, &source.columns)?;
    source.properties =
        vec![("header".to_owned(), header.to_string()), ("delimiter".to_owned(), delimiter.to_string())];
    source.sample = Some(sample(text));
    Ok(())
}

fn name_check(uri: &str, columns: &[Column]) -> Result<()> {
    let mut seen = std::collections::HashSet::new();
    for (at, column) in columns.iter().enumerate() {
        if column.name.is_empty() {
            return Err(Error::Invalid(format!("column {} of {uri} has no name in the header", at + 1)));
        }
        if !seen.insert(column.name.to_lowercase()) {
            return Err(Error::Invalid(format!("the header of {uri} names `{}` twice: rename one", column.name)));
        }
    }
    Ok(())
}

/// The delimiter that the sniffer sees, where it is one that people use; else the comma.
fn delimiter_of(text: &str) -> char {
    let sniffed = qsv_sniffer::Sniffer::new()
        .sample_size(qsv_sniffer::SampleSize::Records(100))
        .sniff_reader(Cursor::new(text.as_bytes()))
        .map(|found| char::from(found.dialect.delimiter));
    let first = text.lines().next().unwrap_or_default();
    sniffed.ok().filter(|found| [',', ';', '\t', '|'].contains(found) && first.contains(*found)).unwrap_or(',')
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

    fn csv(text: &[u8], hints: &Hints) -> Result<ObjectSource> {
        let mut source = ObjectSource {
            uri: "s3://house/x.csv".into(),
            format: Some("csv".into()),
            bytes: None,
            columns: Vec::new(),
            properties: Vec::new(),
            sample: None,
        };
        describe_csv(&mut source, text, true, hints).map(|()| source)
    }

    fn columns(source: &ObjectSource) -> Vec<(&str, &str)> {
        source.columns.iter().map(|c| (c.name.as_str(), c.data_type.as_deref().unwrap_or("?"))).collect()
    }

    #[test]
    fn names_and_types_come_from_header_and_rows() {
        let source =
            csv(b"id,region,amount,day\n1,West,2.5,2024-01-02\n2,East,3,2024-01-03\n", &Hints::default()).unwrap();
        assert_eq!(columns(&source), [("id", "bigint"), ("region", "string"), ("amount", "double"), ("day", "date")]);
        assert!(source.sample.unwrap().starts_with("id,region"));
    }

    #[test]
    fn semicolons_tabs_and_a_byte_order_mark_are_seen() {
        let source = csv("\u{feff}id;name\n1;a\n2;b\n3;c\n".as_bytes(), &Hints::default()).unwrap();
        assert_eq!(columns(&source), [("id", "bigint"), ("name", "string")]);
        let source = csv(b"id\tname\n1\ta\n2\tb\n", &Hints::default()).unwrap();
        assert_eq!(source.columns.len(), 2);
    }

    #[test]
    fn one_column_is_a_table() {
        assert_eq!(columns(&csv(b"id\n1\n2\n", &Hints::default()).unwrap()), [("id", "bigint")]);
    }

    #[test]
    fn a_header_without_rows_has_names_and_no_types() {
        assert_eq!(columns(&csv(b"id,name\n", &Hints::default()).unwrap()), [("id", "?"), ("name", "?")]);
    }

    #[test]
    fn what_is_no_csv_is_told() {
        for (text, word) in [
            (&b""[..], "empty"),
            (b" \n\n", "empty"),
            (b"a,b\n\xff\xfe\n", "UTF-8"),
            (b"\xff\xfea\0,\0b\0", "UTF-8"),
            (b"a,a\n1,2\n", "twice"),
            (b"a,,c\n1,2,3\n", "no name"),
        ] {
            let error = csv(text, &Hints::default()).unwrap_err().to_string();
            assert!(error.contains(word), "{text:?}: {error}");
        }
    }

    #[test]
    fn without_a_header_columns_are_named_as_spark_does() {
        let hints = Hints { header: Some(false), ..Hints::default() };
        assert_eq!(columns(&csv(b"1,a\n2,b\n", &hints).unwrap()), [("_c0", "bigint"), ("_c1", "string")]);
    }

    #[test]
    fn the_sample_is_whole_lines_within_its_limit() {
        let long = format!("a\n{}\n", "x".repeat(5000));
        assert_eq!(sample(&long), "a\n");
    }
}
