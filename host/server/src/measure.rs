//! What the server measures about itself, for `/metrics`. Names and labels only: no id, no prompt, no cell of data.

use std::{sync::OnceLock, time::Duration};

use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};

use crate::{
    plugins::Plugins,
    store::{RunState, Store},
};

const REQUESTS: &str = "enginehouse_http_requests_total";
const REQUEST_SECONDS: &str = "enginehouse_http_request_seconds";
const RUNS: &str = "enginehouse_runs";
const ENDED: &str = "enginehouse_runs_ended_total";
const DRIVEN: &str = "enginehouse_runs_driven";
const READY: &str = "enginehouse_steps_ready";
const LAG_SECONDS: &str = "enginehouse_step_lag_seconds";
/// Of the histograms, in seconds.
const BUCKETS: [f64; 12] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0, 30.0, 300.0];

/// Begins to record; a process has one recorder, whatever it serves.
pub(crate) fn start() -> anyhow::Result<PrometheusHandle> {
    static HANDLE: OnceLock<PrometheusHandle> = OnceLock::new();
    if let Some(handle) = HANDLE.get() {
        return Ok(handle.clone());
    }
    let builder = PrometheusBuilder::new().set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &BUCKETS)?;
    let recorder = builder.build_recorder();
    let handle = HANDLE.get_or_init(|| recorder.handle()).clone();
    // Refused where another server of this process was first; its handle is the one that was kept.
    if metrics::set_global_recorder(recorder).is_ok() {
        metrics::describe_counter!(REQUESTS, "Requests by method, route and status");
        metrics::describe_histogram!(REQUEST_SECONDS, "How long requests took, by route");
        metrics::describe_gauge!(RUNS, "Runs that have not ended, by framework and state, over all servers");
        metrics::describe_counter!(ENDED, "Runs that this server ended, by framework and state");
        metrics::describe_gauge!(DRIVEN, "Runs that this server drives");
        metrics::describe_gauge!(READY, "Runs whose next step waits for a place");
        metrics::describe_histogram!(LAG_SECONDS, "How long steps waited for a place");
        metrics::describe_counter!(
            "enginehouse_plugin_calls_total",
            "Calls of plugins by framework, export and outcome"
        );
    }
    Ok(handle)
}

/// A request was answered.
pub(crate) fn request(method: &str, route: &str, status: u16, took: Duration) {
    let labels = [("method", method.to_owned()), ("route", route.to_owned()), ("status", status.to_string())];
    metrics::counter!(REQUESTS, &labels).increment(1);
    metrics::histogram!(REQUEST_SECONDS, "route" => route.to_owned()).record(took);
}

/// A run ended.
pub(crate) fn ended(framework: &str, state: RunState) {
    metrics::counter!(ENDED, "framework" => framework.to_owned(), "state" => state.as_str()).increment(1);
}

/// How many runs are driven, and how many of them are ready for a step.
pub(crate) fn queues(driven: usize, ready: usize) {
    metrics::gauge!(DRIVEN).set(driven as f64);
    metrics::gauge!(READY).set(ready as f64);
}

/// A step waited so long for its place.
pub(crate) fn lag(waited: Duration) {
    metrics::histogram!(LAG_SECONDS).record(waited);
}

/// Everything in Prometheus' text format; what the database knows is asked for now.
///
/// # Errors
/// Where the store does not answer.
pub(crate) async fn render(
    handle: &PrometheusHandle,
    store: &Store,
    plugins: &Plugins,
) -> crate::store::Result<String> {
    let counts = store.open_runs().await?;
    for plugin in plugins.serving() {
        let framework = plugin.describe().framework.clone();
        for state in RunState::ALL.into_iter().filter(|state| !state.is_final()) {
            let same = counts.iter().find(|(of, at, _)| *of == framework && *at == state.as_str());
            let count = same.map_or(0, |(_, _, count)| *count);
            metrics::gauge!(RUNS, "framework" => framework.clone(), "state" => state.as_str()).set(count as f64);
        }
    }
    handle.run_upkeep();
    Ok(handle.render())
}
