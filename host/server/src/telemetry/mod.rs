//! What the server tells of itself as it goes: its log, and its spans over OTLP.
//!
//! Neither holds a prompt, code, a cell of data or a secret: names, ids, states and times alone.

mod config;
pub(crate) mod trace;

use std::io::IsTerminal as _;

use anyhow::Context as _;
use opentelemetry::{KeyValue, global, trace::TracerProvider as _};
use opentelemetry_otlp::{SpanExporter, WithExportConfig as _};
use opentelemetry_sdk::{Resource, propagation::TraceContextPropagator, trace::SdkTracerProvider};
use tracing_subscriber::{
    EnvFilter, Layer as _,
    filter::{LevelFilter, Targets},
    layer::SubscriberExt as _,
    util::SubscriberInitExt as _,
};

pub use config::{Format, Log, Traces};

/// Sends what is left of the spans when it ends.
#[derive(Debug)]
pub(crate) struct Telemetry {
    provider: SdkTracerProvider,
}

impl Telemetry {
    /// Logs to standard error from now on; the variable `RUST_LOG` says how much. Spans carry W3C trace context in any case and
    /// are exported where an endpoint is set, here or by `OTEL_EXPORTER_OTLP_ENDPOINT`.
    ///
    /// # Errors
    /// Where the endpoint is no url.
    pub(crate) fn start(level: &str, log: &Log, traces: &Traces) -> anyhow::Result<Self> {
        let provider = provider(traces)?;
        global::set_text_map_propagator(TraceContextPropagator::new());
        let ours = Targets::new().with_target("enginehouse", LevelFilter::INFO);
        let spans = tracing_opentelemetry::layer()
            .with_tracer(provider.tracer("enginehouse"))
            .with_location(false)
            .with_threads(false)
            .with_tracked_inactivity(false)
            .with_filter(ours);
        let lines =
            tracing_subscriber::fmt::layer().with_ansi(std::io::stderr().is_terminal()).with_writer(std::io::stderr);
        let lines = match log.format {
            Format::Human => lines.boxed(),
            Format::Json => lines.json().flatten_event(true).with_span_list(false).boxed(),
        };
        let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(level));
        // They write down what models and tools say: generated code, cells, and secrets that are held against their caller.
        let filter = filter.add_directive("async_openai=off".parse()?).add_directive("rmcp=off".parse()?);
        tracing_subscriber::registry().with(lines.with_filter(filter)).with(spans).init();
        global::set_tracer_provider(provider.clone());
        Ok(Self { provider })
    }
}

impl Drop for Telemetry {
    fn drop(&mut self) {
        if let Err(error) = self.provider.shutdown() {
            tracing::warn!(%error, "the last spans could not be sent");
        }
    }
}

fn provider(traces: &Traces) -> anyhow::Result<SdkTracerProvider> {
    let by_environment = ["OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"];
    let exporter = match &traces.otlp {
        Some(base) => {
            Some(SpanExporter::builder().with_http().with_endpoint(format!("{}/v1/traces", base.trim_end_matches('/'))))
        }
        None if by_environment.iter().any(|name| std::env::var_os(name).is_some()) => {
            Some(SpanExporter::builder().with_http())
        }
        None => None,
    };
    let mut resource = Resource::builder().with_attribute(KeyValue::new("service.version", env!("CARGO_PKG_VERSION")));
    if std::env::var_os("OTEL_SERVICE_NAME").is_none() {
        resource = resource.with_service_name("enginehouse");
    }
    let mut provider = SdkTracerProvider::builder().with_resource(resource.build());
    if let Some(exporter) = exporter {
        let exporter = exporter.build().context("spans cannot be exported: `traces.otlp` is the url of a collector")?;
        provider = provider.with_batch_exporter(exporter);
    }
    Ok(provider.build())
}
