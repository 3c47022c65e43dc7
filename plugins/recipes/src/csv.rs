//! How a source's CSV files are laid out: the words of its own properties, and those of the Hive serdes.

use enginehouse_sdk::{ObjectSource, TableSource};

/// What is known of CSV files; none where nothing was said.
#[derive(Clone, Debug, PartialEq)]
pub struct Csv<'a> {
    /// The first line of each file holds the names.
    pub header: bool,
    pub delimiter: Option<&'a str>,
    pub quote: Option<&'a str>,
    /// What stands before a quote within a quoted cell: a quote where it is doubled.
    pub escape: Option<&'a str>,
    pub encoding: Option<&'a str>,
    /// The text of an empty cell, beside nothing at all.
    pub null_value: Option<&'a str>,
    /// Cells may hold line breaks.
    pub multiline: bool,
}

impl<'a> Csv<'a> {
    /// Of uploaded or listed objects.
    #[must_use]
    pub fn of_objects(source: &'a ObjectSource) -> Self {
        let property =
            |name: &str| source.properties.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
        // Most files double the quote.
        let backslashes = source.sample.as_deref().is_some_and(|sample| sample.contains("\\\""));
        Self {
            header: property("header").is_none_or(|value| !value.eq_ignore_ascii_case("false")),
            delimiter: property("delimiter"),
            quote: property("quote"),
            escape: property("escape").or(Some(if backslashes { "\\" } else { "\"" })),
            encoding: property("encoding"),
            null_value: None,
            multiline: property("multiline") == Some("true")
                || source.columns.iter().any(|column| column.name.contains('\n')),
        }
    }

    /// Of a catalog's table.
    #[must_use]
    pub fn of_table(table: &'a TableSource) -> Self {
        let property = |name: &str| {
            let found = table.properties.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
            found.map(|(_, value)| value.as_str())
        };
        let first = |names: &[&str]| names.iter().find_map(|name| property(name)).filter(|value| !value.is_empty());
        let skips = |lines: &str| lines.trim().parse::<u32>().is_ok_and(|lines| lines > 0);
        Self {
            header: match property("header") {
                Some(header) => header.eq_ignore_ascii_case("true"),
                None => property("skip.header.line.count").is_some_and(skips),
            },
            delimiter: first(&["delimiter", "field.delim", "separatorChar"]),
            quote: first(&["quote", "quoteChar"]),
            escape: first(&["escape", "escapeChar", "escape.delim"]),
            encoding: first(&["encoding", "serialization.encoding"]),
            null_value: first(&["nullValue", "serialization.null.format"]),
            multiline: false,
        }
    }
}
