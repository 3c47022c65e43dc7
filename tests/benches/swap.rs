//! What calls notice when their plugin is swapped: nothing. Two clients read short programs, each a new one, through the
//! runtime, while one generation after another takes over, each a component of its own.
//!
//! `cargo bench --workspace --profile dev --bench swap` prints a table for people and, last, one line of JSON; it fails where a call
//! failed, or was answered by another generation than the one it was given to.
#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a benchmark prints, and fails loudly"
)]

use std::{
    process::ExitCode,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use enginehouse::{
    app::{App, Start},
    config::Config,
    run::StoreJournal,
};
use enginehouse_capabilities::{CallContext, Unconfigured};
use enginehouse_runtime::{Capabilities, CompilerProcess, Generation, Limits, PluginConfig, Registry, Runtime, Task};
use enginehouse_tests::guests::{mark, marked};
use hdrhistogram::Histogram;
use parking_lot::Mutex;
use serde_json::json;

const BIN: &str = env!("CARGO_BIN_EXE_enginehouse-under-test");
const CLIENTS: u64 = 2;
const CALLS: u64 = 1_000_000;
const SWAPS: u32 = 100;
/// Memory is held against what there is after so many.
const WARM: u32 = 10;

/// What the clients and whoever swaps share.
struct Shared {
    registry: Registry,
    /// Calls that have begun.
    calls: AtomicU64,
    failed: AtomicU64,
    /// When each generation was about to take over, by number.
    swapped: Mutex<Vec<Instant>>,
    /// A component is being loaded.
    loading: AtomicBool,
}

/// What one client saw; times in nanoseconds.
struct Seen {
    quiet: Histogram<u32>,
    swapping: Histogram<u32>,
    /// The longest time after a swap at which a call was still given to the generation before.
    visible: Duration,
}

fn main() -> ExitCode {
    let threads = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    threads.block_on(measure())
}

async fn measure() -> ExitCode {
    let folder = tempfile::tempdir().unwrap();
    let config = Config { data: folder.path().join("data"), ..Config::default() };
    let start = Start { executable: BIN.into(), plugins: Vec::new(), processes: None, model: None };
    let app = App::start(config, start).await.unwrap();
    let nothing = || Arc::new(Unconfigured { advice: "nothing" });
    let capabilities = Capabilities {
        codegen: nothing(),
        objects: Arc::clone(&app.objects),
        catalog: Arc::clone(&app.catalog),
        functions: nothing(),
        batches: nothing(),
        tools: nothing(),
        processes: Arc::clone(&app.processes),
        journal: Arc::new(StoreJournal::new(app.store.clone(), app.events.clone())),
    };
    let compiler = CompilerProcess { program: BIN.into(), arguments: vec!["compile".into()] };
    let runtime = Runtime::new(None, Some(compiler), capabilities).unwrap();
    let shared = Arc::new(Shared {
        registry: Registry::default(),
        calls: AtomicU64::new(0),
        failed: AtomicU64::new(0),
        swapped: Mutex::default(),
        loading: AtomicBool::new(false),
    });
    swap(&shared, &runtime, 0).await;

    let begun = Instant::now();
    let clients: Vec<_> =
        (0..CLIENTS).map(|client| tokio::spawn(call_on_and_on(Arc::clone(&shared), client))).collect();
    let (mut warm, mut last) = (0, 0);
    for number in 1..=SWAPS {
        while shared.calls.load(Ordering::Relaxed) < u64::from(number) * CALLS / u64::from(SWAPS + 1) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        swap(&shared, &runtime, number).await;
        last = resident_kib();
        if number == WARM {
            warm = last;
        }
    }
    let mut seen = Vec::new();
    for client in clients {
        seen.push(client.await.unwrap());
    }
    report(&shared, &seen, begun.elapsed(), last as f64 / warm as f64 - 1.0)
}

/// Loads a component that nobody has seen before, and lets it take over.
async fn swap(shared: &Shared, runtime: &Runtime, number: u32) {
    let limits = Limits { kept_reports: 0, ..Limits::default() };
    shared.loading.store(true, Ordering::Relaxed);
    let plugin = runtime.load(marked(number).into(), PluginConfig { limits, ..PluginConfig::default() }).await.unwrap();
    let generation = Arc::new(Generation::new(number, plugin));
    shared.swapped.lock().push(Instant::now());
    shared.registry.activate(&generation);
    shared.loading.store(false, Ordering::Relaxed);
}

async fn call_on_and_on(shared: Arc<Shared>, client: u64) -> Seen {
    let cx = CallContext { framework: String::new(), digest: String::new(), run: None, attempt: None };
    let task = Task {
        prompt: String::new(),
        sources: Vec::new(),
        output: None,
        platform: None,
        places: Vec::new(),
        options: Vec::new(),
    };
    let mut seen = Seen { quiet: histogram(), swapping: histogram(), visible: Duration::ZERO };
    loop {
        let number = shared.calls.fetch_add(1, Ordering::Relaxed);
        if number >= CALLS {
            return seen;
        }
        let swapping = shared.loading.load(Ordering::Relaxed);
        let begun = Instant::now();
        let generation = shared.registry.get("marked").unwrap();
        let code = format!("client {client}, program {number}");
        let answer = generation.validate(&cx, &task, &code).await;
        let times =
            if swapping || shared.loading.load(Ordering::Relaxed) { &mut seen.swapping } else { &mut seen.quiet };
        times.saturating_record(u64::try_from(begun.elapsed().as_nanos()).unwrap());
        let is_right = answer.is_ok_and(|report| report.findings[0].message == mark(generation.number()));
        if !is_right {
            shared.failed.fetch_add(1, Ordering::Relaxed);
        }
        let next = shared.swapped.lock().get(generation.number() as usize + 1).copied();
        if let Some(next) = next {
            seen.visible = seen.visible.max(begun.saturating_duration_since(next));
        }
    }
}

fn report(shared: &Shared, seen: &[Seen], took: Duration, growth: f64) -> ExitCode {
    let (mut quiet, mut swapping) = (histogram(), histogram());
    for seen in seen {
        quiet.add(&seen.quiet).unwrap();
        swapping.add(&seen.swapping).unwrap();
    }
    let (calls, swaps) = (quiet.len() + swapping.len(), shared.swapped.lock().len() - 1);
    let (p99, p99_swapping) = (p99_ms(&quiet), p99_ms(&swapping));
    let visible = seen.iter().map(|seen| seen.visible).max().unwrap_or_default().as_secs_f64() * 1e3;
    let failed = shared.failed.load(Ordering::Relaxed);
    println!(
        "calls of `validate`, two clients              {calls:>10}   {:.0} a second",
        calls as f64 / took.as_secs_f64()
    );
    println!("swaps, each to a new component                {swaps:>10}");
    println!("failed, or answered by another generation     {failed:>10}");
    println!("p99 of a call while nothing is swapped        {p99:>10.3} ms");
    println!("p99 of a call while a component is loaded     {p99_swapping:>10.3} ms   {:.1} ×", p99_swapping / p99);
    println!("until every new call sees a swap              {visible:>10.3} ms");
    println!("resident memory after {swaps} swaps over {WARM}        {:>9.1} %", growth * 100.0);
    let round = |figure: f64| (figure * 1e3).round() / 1e3;
    let line = json!({
        "bench": "swap",
        "calls": calls,
        "swaps": swaps,
        "failed": failed,
        "p99_ms": round(p99),
        "p99_swapping_ms": round(p99_swapping),
        "visible_ms": round(visible),
        "rss_growth": round(growth),
    });
    println!("{line}");
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Up to a minute, in three digits.
fn histogram() -> Histogram<u32> {
    Histogram::new_with_bounds(1, 60_000_000_000, 3).unwrap()
}

fn p99_ms(times: &Histogram<u32>) -> f64 {
    times.value_at_quantile(0.99) as f64 / 1e6
}

fn resident_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim_end_matches("kB").trim().parse().unwrap()
}
