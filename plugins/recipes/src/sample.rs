//! The values seen in a source's sample: data, only ever compared with words of the request.

use enginehouse_sdk::ObjectSource;

/// The sample's rows, one value a column. None where the sample is no table of these columns.
pub(crate) fn rows(source: &ObjectSource) -> Vec<Vec<String>> {
    if source.format.as_deref().is_some_and(|format| format != "csv") {
        return Vec::new();
    }
    let Some(sample) = source.sample.as_deref() else { return Vec::new() };
    let delimiter = source
        .properties
        .iter()
        .find(|(key, _)| key == "delimiter")
        .and_then(|(_, value)| value.as_bytes().first().copied())
        .unwrap_or(b',');
    let mut reader = ::csv::ReaderBuilder::new()
        .delimiter(delimiter)
        .has_headers(false)
        .flexible(true)
        .from_reader(sample.as_bytes());
    let is_header =
        |row: &[String]| row.iter().zip(&source.columns).all(|(cell, column)| cell.trim() == column.name.trim());
    reader
        .records()
        .filter_map(Result::ok)
        .map(|record| record.iter().map(str::to_owned).collect::<Vec<_>>())
        .filter(|row| row.len() == source.columns.len() && !is_header(row))
        .take(MAX_ROWS)
        .collect()
}

const MAX_ROWS: usize = 200;
