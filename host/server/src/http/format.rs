//! The formats of results, by name and by `Accept`.

use axum::http::{HeaderMap, header};

use super::{Answer, ApiError};
use crate::results::Output;

/// A format that callers can ask for.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Format {
    /// In the query, and at the end of a file's name.
    pub name: &'static str,
    /// Of the answer.
    pub content_type: &'static str,
    /// How a whole table is written; none: a page.
    pub output: Option<Output>,
}

const PAGE: Format = Format { name: "json", content_type: "application/json", output: None };
const FORMATS: [&Format; 5] = [
    &PAGE,
    &Format { name: "csv", content_type: "text/csv; charset=utf-8", output: Some(Output::Csv) },
    &Format { name: "jsonl", content_type: "application/x-ndjson", output: Some(Output::JsonLines) },
    &Format { name: "arrow", content_type: "application/vnd.apache.arrow.stream", output: Some(Output::Arrow) },
    &Format { name: "parquet", content_type: "application/vnd.apache.parquet", output: Some(Output::Parquet) },
];

impl Format {
    /// The format of a name in a query.
    ///
    /// # Errors
    /// A problem that lists all names, where it is none.
    pub(super) fn named(name: &str) -> Answer<&'static Self> {
        FORMATS.into_iter().find(|format| format.name == name).ok_or_else(|| {
            let names: Vec<_> = FORMATS.iter().map(|format| format!("`{}`", format.name)).collect();
            ApiError::invalid(format!("`{name}` is no format: use {}", names.join(", ")))
        })
    }

    /// The format that a request likes best; a page where it likes all, or none of them.
    pub(super) fn accepted(headers: &HeaderMap) -> &'static Self {
        let ranges = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
        let mut best = (&PAGE, 0.0);
        for range in ranges.flat_map(|value| value.split(',')) {
            let mut parts = range.split(';').map(str::trim);
            let media_type = parts.next().unwrap_or_default();
            let weight = parts.find_map(|part| part.strip_prefix("q=")).map_or(Ok(1.0), str::parse);
            let found = match media_type {
                "*/*" | "application/*" => Some(&PAGE),
                media_type => FORMATS.into_iter().find(|format| format.media_type().eq_ignore_ascii_case(media_type)),
            };
            if let (Some(format), Ok(weight)) = (found, weight)
                && weight > best.1
            {
                best = (format, weight);
            }
        }
        best.0
    }

    /// Without parameters, as in `Accept`.
    fn media_type(&self) -> &'static str {
        self.content_type.split(';').next().unwrap_or(self.content_type)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_format_that_is_liked_best_is_sent() {
        for (accept, name) in [
            ("", "json"),
            ("*/*", "json"),
            ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "json"),
            ("text/csv", "csv"),
            ("TEXT/CSV; charset=utf-8, */*;q=0.1", "csv"),
            ("application/x-ndjson", "jsonl"),
            ("application/vnd.apache.arrow.stream;q=0.5, application/vnd.apache.parquet;q=0.7", "parquet"),
            ("application/vnd.apache.arrow.stream, application/json", "arrow"),
            ("text/csv;q=0", "json"),
            ("text/csv;q=much", "json"),
        ] {
            let headers = HeaderMap::from_iter([(header::ACCEPT, accept.parse().unwrap())]);
            assert_eq!(Format::accepted(&headers).name, name, "{accept}");
        }
        assert_eq!(Format::accepted(&HeaderMap::new()).name, "json");
    }

    #[test]
    fn an_unknown_name_is_told_all_others() {
        assert_eq!(Format::named("arrow").unwrap().output, Some(Output::Arrow));
        let told = format!("{:?}", Format::named("xlsx").unwrap_err());
        for name in ["xlsx", "json", "csv", "jsonl", "arrow", "parquet"] {
            assert!(told.contains(&format!("`{name}`")), "{told}");
        }
    }
}
