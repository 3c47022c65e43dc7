//! What is in a CSV: delimiter, header, columns with types.

use std::{cmp::Reverse, collections::HashSet, io::Cursor};

use ::csv::{ReaderBuilder, StringRecord};
use arrow::csv::reader::Format;
use enginehouse_runtime::{Column, ObjectSource};

use super::{Error, Hints, Result, sample, type_name, whole_lines};

/// How many rows the delimiter and the header are told from.
const FIRST_ROWS: usize = 100;
const DELIMITERS: [u8; 4] = [b',', b';', b'\t', b'|'];

/// Describes a source by the first bytes of its text; `whole` where they are all of it.
pub(super) fn describe(source: &mut ObjectSource, head: &[u8], whole: bool, hints: &Hints) -> Result<()> {
    let uri = &source.uri;
    let empty = || Error::Invalid(format!("{uri} is empty: it has not even a header"));
    let usable = if whole { head } else { whole_lines(head) };
    let text = match std::str::from_utf8(usable) {
        Ok(text) if !text.contains('\0') => text.strip_prefix('\u{feff}').unwrap_or(text),
        _ => {
            return Err(Error::Invalid(format!(
                "{uri} is no UTF-8 text: POST /v1/uploads takes other encodings and makes it UTF-8; else say its `format`"
            )));
        }
    };
    if text.trim().is_empty() {
        return Err(empty());
    }
    let delimiter = match hints.delimiter {
        Some(told) => u8::try_from(told)
            .ok()
            .filter(u8::is_ascii)
            .ok_or_else(|| Error::Invalid(format!("`{told}` is no delimiter: use a character of ASCII")))?,
        None => delimiter_of(text),
    };
    let rows = first_rows(text, delimiter);
    let header = hints.header.unwrap_or_else(|| has_header(&rows));
    let format = Format::default().with_header(header).with_delimiter(delimiter);
    let (schema, count) = format.infer_schema(Cursor::new(text.as_bytes()), None).map_err(|error| {
        Error::Invalid(format!(
            "the rows of {uri} do not fit together: {error}. Quote cells that hold the delimiter, or name another `delimiter`"
        ))
    })?;
    if schema.fields().is_empty() {
        return Err(empty());
    }
    let column = |(at, field): (usize, &std::sync::Arc<arrow::datatypes::Field>)| Column {
        // Columns without a header have the names that engines give them.
        name: if header { field.name().trim().to_owned() } else { format!("_c{at}") },
        data_type: (count > 0 && whole).then(|| type_name(field.data_type()).to_owned()),
        comment: None,
    };
    source.columns = schema.fields().iter().enumerate().map(column).collect();
    check_names(uri, &source.columns)?;
    source.properties =
        vec![("header".to_owned(), header.to_string()), ("delimiter".to_owned(), char::from(delimiter).to_string())];
    if has_long_cells(text, delimiter) {
        source.properties.push(("multiline".to_owned(), "true".to_owned()));
    }
    source.sample = Some(sample(text));
    Ok(())
}

/// The delimiter under which most rows are as wide as the first, and that is wider than one cell; else the comma.
fn delimiter_of(text: &str) -> u8 {
    let fit = |delimiter: u8| {
        let rows = first_rows(text, delimiter);
        let width = rows.first().map_or(0, StringRecord::len);
        let alike = rows.iter().filter(|row| row.len() == width).count();
        (width > 1).then(|| (alike * 1000 / rows.len().max(1), width))
    };
    let fits = DELIMITERS.into_iter().filter_map(|delimiter| Some((fit(delimiter)?, delimiter)));
    fits.min_by_key(|(fit, _)| Reverse(*fit)).map_or(b',', |(_, delimiter)| delimiter)
}

/// Names are text: there are none where the first row holds a number or a date as the rows below it do, and no text above
/// such a column. A year is no such number, since tables have columns named after years.
fn has_header(rows: &[StringRecord]) -> bool {
    let Some((first, below @ [_, ..])) = rows.split_first() else { return true };
    let is_year = |cell: &str| cell.len() == 4 && cell.bytes().all(|byte| byte.is_ascii_digit());
    let is_value = |cell: &str| {
        cell.parse::<f64>().is_ok_and(f64::is_finite)
            || (cell.len() >= 10
                && cell.bytes().zip(*b"dddd-dd-dd").all(|(byte, pattern)| match pattern {
                    b'd' => byte.is_ascii_digit(),
                    other => byte == other,
                }))
    };
    let mut values = false;
    for (at, cell) in first.iter().map(str::trim).enumerate() {
        let mut others =
            below.iter().filter_map(|row| row.get(at)).map(str::trim).filter(|cell| !cell.is_empty()).peekable();
        let is_column_of_values = others.peek().is_some() && others.all(is_value);
        match (is_column_of_values, is_value(cell)) {
            (true, true) => values |= !is_year(cell),
            (true, false) => return true,
            (false, _) => {}
        }
    }
    !values
}

fn first_rows(text: &str, delimiter: u8) -> Vec<StringRecord> {
    let reader =
        ReaderBuilder::new().has_headers(false).flexible(true).delimiter(delimiter).from_reader(text.as_bytes());
    reader.into_records().map_while(std::result::Result::ok).take(FIRST_ROWS).collect()
}

/// Whether a cell runs over several lines, which readers have to be told.
fn has_long_cells(text: &str, delimiter: u8) -> bool {
    let reader =
        ReaderBuilder::new().has_headers(false).flexible(true).delimiter(delimiter).from_reader(text.as_bytes());
    let quoted = text.contains('"');
    quoted && reader.into_byte_records().flatten().any(|row| row.iter().any(|cell| cell.contains(&b'\n')))
}

fn check_names(uri: &str, columns: &[Column]) -> Result<()> {
    let mut seen = HashSet::new();
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

#[cfg(test)]
mod tests {
    use super::*;

    fn csv(text: impl AsRef<[u8]>, hints: &Hints) -> Result<ObjectSource> {
        let mut source = ObjectSource {
            uri: "s3://house/x.csv".into(),
            format: Some("csv".into()),
            bytes: None,
            columns: Vec::new(),
            properties: Vec::new(),
            sample: None,
        };
        describe(&mut source, text.as_ref(), true, hints).map(|()| source)
    }

    fn columns(source: &ObjectSource) -> Vec<(&str, &str)> {
        source.columns.iter().map(|c| (c.name.as_str(), c.data_type.as_deref().unwrap_or("?"))).collect()
    }

    fn property<'a>(source: &'a ObjectSource, name: &str) -> Option<&'a str> {
        source.properties.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    #[test]
    fn names_and_types_come_from_header_and_rows() {
        let source =
            csv("id,region,amount,day\n1,West,2.5,2024-01-02\n2,East,3,2024-01-03\n", &Hints::default()).unwrap();
        assert_eq!(columns(&source), [("id", "bigint"), ("region", "string"), ("amount", "double"), ("day", "date")]);
        assert!(source.sample.unwrap().starts_with("id,region"));
    }

    #[test]
    fn other_delimiters_and_a_byte_order_mark_are_seen() {
        let source = csv("\u{feff}id;name\n1;a\n2;b\n3;c\n", &Hints::default()).unwrap();
        assert_eq!(columns(&source), [("id", "bigint"), ("name", "string")]);
        for delimiter in ["\t", "|", ";"] {
            let text = ["id", "name\n1", "a\n2", "b\n"].join(delimiter);
            let source = csv(&text, &Hints::default()).unwrap();
            assert_eq!((source.columns.len(), property(&source, "delimiter")), (2, Some(delimiter)), "{text:?}");
        }
        let told = Hints { delimiter: Some('~'), ..Hints::default() };
        assert_eq!(csv("id~name\n1~a\n", &told).unwrap().columns.len(), 2);
    }

    #[test]
    fn one_column_is_a_table() {
        assert_eq!(columns(&csv("id\n1\n2\n", &Hints::default()).unwrap()), [("id", "bigint")]);
    }

    #[test]
    fn a_header_without_rows_has_names_and_no_types() {
        assert_eq!(columns(&csv("id,name\n", &Hints::default()).unwrap()), [("id", "?"), ("name", "?")]);
    }

    #[test]
    fn a_missing_header_is_seen_where_the_first_row_holds_values() {
        for (text, header) in [
            ("1,West,2.5\n2,East,3.5\n3,West,4.5\n", false),
            ("2024-01-02,a\n2024-01-03,b\n", false),
            ("name,city\nAnn,Rome\nBob,Oslo\n", true),
            ("region,2019,2020\nWest,1,2\nEast,3,4\n", true),
            ("id,region\n1,West\n", true),
            ("5\n", true),
        ] {
            let source = csv(text, &Hints::default()).unwrap();
            assert_eq!(property(&source, "header"), Some(if header { "true" } else { "false" }), "{text:?}");
        }
        let told = Hints { header: Some(true), ..Hints::default() };
        assert_eq!(columns(&csv("1,a\n2,b\n", &told).unwrap()), [("1", "bigint"), ("a", "string")]);
    }

    #[test]
    fn cells_with_quotes_and_newlines_are_one_cell() {
        let source = csv("id,note\n1,\"two\nlines, \"\"quoted\"\"\"\n2,plain\n", &Hints::default()).unwrap();
        assert_eq!(columns(&source), [("id", "bigint"), ("note", "string")]);
        assert_eq!(property(&source, "multiline"), Some("true"));
        assert_eq!(property(&csv("id,note\n1,\"a\"\n", &Hints::default()).unwrap(), "multiline"), None);
    }

    #[test]
    fn what_is_no_csv_is_told() {
        for (text, word) in [
            (&b""[..], "empty"),
            (b" \n\n", "empty"),
            (b"\xef\xbb\xbf\r\n", "empty"),
            (b"a,b\n\xff\xfe\n", "UTF-8"),
            (b"a,b\n1,\0\n", "UTF-8"),
            (b"a,a\n1,2\n", "twice"),
            (b"a,,c\n1,2,3\n", "no name"),
            (b"a,b\n1,2\n1,2,3\n", "line 3"),
            (b"a,b\n1,2\n1\n", "line 3"),
        ] {
            let error = csv(text, &Hints::default()).unwrap_err().to_string();
            assert!(error.contains(word), "{text:?}: {error}");
        }
    }

    #[test]
    fn without_a_header_columns_are_named_as_engines_do() {
        let hints = Hints { header: Some(false), ..Hints::default() };
        assert_eq!(columns(&csv("1,a\n2,b\n", &hints).unwrap()), [("_c0", "bigint"), ("_c1", "string")]);
    }
}
