//! The settings of the log and of traces.

use serde::Deserialize;

/// The server's log.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Log {
    /// How its lines look.
    pub format: Format,
}

/// How lines of the log look.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Format {
    /// For people.
    #[default]
    Human,
    /// One JSON object a line.
    Json,
}

/// Spans of requests, runs and plugin calls.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Traces {
    /// The base url of a collector that speaks OTLP over HTTP (`http://127.0.0.1:4318`); none: nothing is exported. The standard
    /// variables (`OTEL_EXPORTER_OTLP_HEADERS`, `OTEL_SERVICE_NAME`, …) count as well.
    pub otlp: Option<String>,
}
