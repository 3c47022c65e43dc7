//! What reading code through the sandboxed plugin costs, beside the same Rust natively, CPython, and a FastAPI service.
//!
//! `cargo bench -p enginehouse-tests --bench plugin_call` prints a table for people and, last, one line of JSON. FastAPI is
//! installed once, into the user's cache folder.
#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a benchmark prints, and fails loudly"
)]

mod http;
mod python;
mod script;

use std::{
    collections::BTreeMap,
    hint::black_box,
    time::{Duration, Instant},
};

use enginehouse::{
    app::{App, Start},
    config::Config,
};
use enginehouse_capabilities::CallContext;
use enginehouse_runtime::{Plugin, Task};
use enginehouse_sdk::Supervisor;
use enginehouse_spark::Spark;
use serde_json::json;

const BIN: &str = env!("CARGO_BIN_EXE_enginehouse-under-test");
/// Lines of the programs that are read.
const SIZES: [usize; 3] = [30, 100, 1000];
/// How long each thing is measured.
const FOR: Duration = Duration::from_secs(2);

fn main() {
    let threads = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let config = Config { data: folder.path().join("data"), ..Config::default() };
    let start = Start { executable: BIN.into(), plugins: Vec::new(), processes: None, model: None };
    let app = threads.block_on(App::start(config, start)).unwrap();
    let plugin = app.plugin("spark").unwrap();

    let fresh = threads.block_on(fresh_call(&plugin));
    let mut through = BTreeMap::new();
    let mut native = BTreeMap::new();
    for size in SIZES {
        through.insert(
            size,
            threads.block_on(through_plugin(&plugin, &script::task(), |number| script::program(size, number))),
        );
        native.insert(size, natively(size));
    }
    let assembled = |framework: &str| {
        let (plugin, task) = (app.plugin(framework).unwrap(), script::sales_task());
        let programs = script::sales_programs(framework);
        let program = |number| script::assembled(&programs, 1000, number);
        threads.block_on(through_plugin(&plugin, &task, program)) / 1e3
    };
    let validate_1000_lines_ms = assembled("spark");
    let ray_validate_1000_lines_ms = assembled("ray");
    let cpython = python::parse_and_walk(&SIZES);
    drop((plugin, app));
    let ours = threads.block_on(http::ours());
    let cached = threads.block_on(http::ours_cached());
    let fastapi = threads.block_on(http::fastapi());

    println!("reading a program, median           µs   lines:{:>10}{:>10}{:>10}", SIZES[0], SIZES[1], SIZES[2]);
    let row = |name: &str, times: &BTreeMap<usize, f64>| {
        println!("  {name:<41}{:>10.0}{:>10.0}{:>10.0}", times[&SIZES[0]], times[&SIZES[1]], times[&SIZES[2]]);
    };
    row("through the plugin (fresh instance)", &through);
    row("the same Rust natively", &native);
    row("CPython: ast.parse and a walk", &cpython);
    let ratios = SIZES.map(|size| format!("{:>10.2}", through[&size] / native[&size])).concat();
    println!("  {:<41}{ratios}", "plugin / native");
    println!("1000 lines of programs as people write them, through the plugin {validate_1000_lines_ms:>7.1} ms");
    println!("1000 lines of Ray programs, through the plugin {ray_validate_1000_lines_ms:>24.1} ms");
    println!("a fresh instance with a call that only plans {fresh:>8.1} µs");
    println!("validate over HTTP, 100 lines, requests a second");
    println!("  enginehouse, every program new        {ours:>10.0}   {:.1} × FastAPI", ours / fastapi);
    println!("  enginehouse, the same program again   {cached:>10.0}   {:.1} × FastAPI", cached / fastapi);
    println!("  FastAPI with ast.parse and a walk     {fastapi:>10.0}");
    let keyed = |times: &BTreeMap<usize, f64>| {
        times.iter().map(|(size, time)| (size.to_string(), json!(round(*time)))).collect::<serde_json::Map<_, _>>()
    };
    let line = json!({
        "bench": "plugin_call",
        "fresh_call_us": round(fresh),
        "native_us": keyed(&native),
        "plugin_us": keyed(&through),
        "cpython_us": keyed(&cpython),
        "validate_1000_lines_ms": round(validate_1000_lines_ms),
        "ray_validate_1000_lines_ms": round(ray_validate_1000_lines_ms),
        "http_rps": round(ours),
        "http_cached_rps": round(cached),
        "fastapi_rps": round(fastapi),
    });
    println!("{line}");
}

/// Microseconds of a call for which the plugin does next to nothing: it looks for a place and finds none.
async fn fresh_call(plugin: &Plugin) -> f64 {
    let (cx, task) = (context(), script::task_without_places());
    let mut times = Vec::new();
    let since = Instant::now();
    while since.elapsed() < FOR {
        let begun = Instant::now();
        black_box(plugin.plan(&cx, &task).await).unwrap_err();
        times.push(begun.elapsed());
    }
    median(times)
}

/// Every program is a new one, so that none is answered from memory.
async fn through_plugin(plugin: &Plugin, task: &Task, program: impl Fn(usize) -> String) -> f64 {
    let cx = context();
    let mut times = Vec::new();
    let since = Instant::now();
    while since.elapsed() < FOR {
        let code = program(times.len());
        let begun = Instant::now();
        let report = black_box(plugin.validate(&cx, task, &code).await).unwrap();
        times.push(begun.elapsed());
        assert!(report.validated.is_some(), "the program is clean: {:?}", report.findings);
    }
    median(times)
}

fn natively(size: usize) -> f64 {
    let task = script::native_task();
    let mut times = Vec::new();
    let since = Instant::now();
    while since.elapsed() < FOR {
        let code = script::program(size, times.len());
        let begun = Instant::now();
        black_box(Spark::validate(&task, &code));
        times.push(begun.elapsed());
    }
    median(times)
}

fn context() -> CallContext {
    CallContext { framework: String::new(), digest: String::new(), run: None, attempt: None }
}

fn median(mut times: Vec<Duration>) -> f64 {
    times.sort();
    times[times.len() / 2].as_secs_f64() * 1e6
}

fn round(figure: f64) -> f64 {
    (figure * 10.0).round() / 10.0
}
