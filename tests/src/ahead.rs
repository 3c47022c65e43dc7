//! The sandboxes that a server has started ahead, as its benchmarks see them.

use std::{
    collections::HashMap,
    fs,
    time::{Duration, Instant},
};

use anyhow::{Context, ensure};
use serde_json::Value;

use crate::TestHost;

/// The sandboxes of one engine.
#[derive(Debug)]
pub struct Ahead<'a> {
    host: &'a TestHost,
    framework: &'static str,
}

impl<'a> Ahead<'a> {
    /// Of the engine that is named as the framework.
    pub fn of(host: &'a TestHost, framework: &'static str) -> Self {
        Self { host, framework }
    }

    /// Waits until one waits for a program.
    ///
    /// # Errors
    /// None does within two minutes.
    pub async fn waits(&self) -> anyhow::Result<()> {
        let begun = Instant::now();
        loop {
            let state = self.state().await?;
            if state.contains("ahead: 1 waiting") {
                return Ok(());
            }
            ensure!(begun.elapsed() < Duration::from_secs(120), "none was started ahead: {state}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Runs a request as often as told, each time in one that was started ahead; how long each run took, from request to rows.
    ///
    /// # Errors
    /// A run did not succeed, gave other rows than `first` has, or had a sandbox of its own.
    pub async fn runs(&self, request: &Value, first: &Value, often: usize) -> anyhow::Result<Vec<Duration>> {
        let mut times = Vec::new();
        for _ in 0..often {
            self.waits().await?;
            let (took, table) = from_request_to_rows(self.host, request).await?;
            ensure!(table.get("rows") == first.get("rows"), "other rows than in a sandbox of its own: {table}");
            times.push(took);
        }
        ensure!(self.used().await? == often, "not every one of them was used");
        Ok(times)
    }

    async fn used(&self) -> anyhow::Result<usize> {
        let state = self.state().await?;
        let words: Vec<&str> = state.split([' ', ',', ';']).collect();
        let at = words.iter().position(|word| *word == "used").context("the status does not say")?;
        Ok(at.checked_sub(1).and_then(|at| words.get(at)).context("the status does not say")?.parse()?)
    }

    async fn state(&self) -> anyhow::Result<String> {
        let status = self.host.get(&format!("/v1/frameworks/{}/status", self.framework)).await?;
        let local = status.as_array().into_iter().flatten().find(|platform| platform["platform"] == "local");
        Ok(local.and_then(|local| local["detail"].as_str()).unwrap_or_default().to_owned())
    }

    /// Memory of the one that waits, in MB: what its processes have in memory, shared pages once.
    pub fn memory(&self) -> f64 {
        let (mut children, mut next) = (HashMap::<u32, Vec<u32>>::new(), Vec::new());
        for entry in fs::read_dir("/proc").into_iter().flatten().flatten() {
            let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse::<u32>().ok()) else { continue };
            let stat = fs::read_to_string(entry.path().join("stat")).unwrap_or_default();
            let parent = stat.rsplit_once(')').and_then(|(_, rest)| rest.split_whitespace().nth(1)?.parse().ok());
            children.entry(parent.unwrap_or_default()).or_default().push(pid);
            let line = fs::read(entry.path().join("cmdline")).unwrap_or_default();
            let line = String::from_utf8_lossy(&line).into_owned();
            let own = self.host.data().display().to_string();
            if line.contains("shim") && line.contains("/.ahead-") && line.contains(&own) && !line.starts_with("bwrap") {
                next.push(pid);
            }
        }
        let mut kib = 0;
        while let Some(pid) = next.pop() {
            let rollup = fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).unwrap_or_default();
            let line = rollup.lines().find_map(|line| line.strip_prefix("Pss:"));
            kib += line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok()).unwrap_or_default();
            next.extend(children.remove(&pid).unwrap_or_default());
        }
        kib as f64 / 1024.0
    }
}

/// Asks for a run and reads its rows; how long that took, and the table.
///
/// # Errors
/// The run did not succeed.
pub async fn from_request_to_rows(host: &TestHost, request: &Value) -> anyhow::Result<(Duration, Value)> {
    let begun = Instant::now();
    let run = host.run(request.clone()).await?;
    loop {
        let view = host.get(&format!("/v1/runs/{run}")).await?;
        if view.get("finished_at").is_none_or(Value::is_null) {
            ensure!(begun.elapsed() < Duration::from_secs(120), "the run has not ended: {view}");
            tokio::time::sleep(Duration::from_millis(5)).await;
            continue;
        }
        ensure!(view.get("state").is_some_and(|state| state == "succeeded"), "{view}");
        let rows = host.get(&format!("/v1/runs/{run}/results")).await?;
        return Ok((begun.elapsed(), rows));
    }
}

/// The code of the run that was asked for last.
///
/// # Errors
/// There was none.
pub async fn last_code(host: &TestHost) -> anyhow::Result<String> {
    let text = |value: &Value, pointer: &str| value.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
    let run = text(&host.get("/v1/runs?limit=1").await?, "/0/id").context("there is no run")?;
    text(&host.get(&format!("/v1/runs/{run}/code")).await?, "/0/code").context("the run has no code")
}

/// The one in the middle.
pub fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times.get(times.len() / 2).copied().unwrap_or_default()
}
