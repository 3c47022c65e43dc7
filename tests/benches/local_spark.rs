//! From a request to its rows on Spark in a sandbox that was started ahead, against `spark-submit` of the same program, as it
//! comes.
//!
//! `cargo bench -p enginehouse-tests --bench local_spark` prints a table and, last, one line of JSON. The program is what the
//! recipes write for the request, over a CSV of 100,000 rows.
#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a benchmark prints, and fails loudly"
)]

use std::{
    fmt::Write as _,
    fs,
    path::Path,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use enginehouse::config::Config;
use enginehouse_local::engines::{EnginesRoot, Installed};
use enginehouse_tests::{
    TestHost,
    ahead::{Ahead, from_request_to_rows, last_code, median},
};
use serde_json::json;

const BIN: &str = env!("CARGO_BIN_EXE_enginehouse-under-test");
const ROWS: usize = 100_000;
const WARM: usize = 7;
const COLD: usize = 3;

fn main() {
    tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap().block_on(measure());
}

async fn measure() {
    let host = TestHost::start(BIN).await.unwrap();
    let sales = sales();
    let upload = host.upload("me", "sales.csv", sales.clone()).await.unwrap();
    let request = json!({ "framework": "spark", "session_id": "me", "prompt": "sum of amount by region" });
    let ahead = Ahead::of(&host, "spark");

    // The first run finds nothing warm, and has the first sandbox started.
    let (_, first) = from_request_to_rows(&host, &request).await.unwrap();
    let begun = Instant::now();
    ahead.waits().await.unwrap();
    let pool_start = begun.elapsed();
    let driver_rss = ahead.memory();
    let warm = ahead.runs(&request, &first, WARM).await.unwrap();

    let code = last_code(&host).await.unwrap();
    drop(host);
    let engine = EnginesRoot::new(&Config::default().local.engines).installed("spark").unwrap();
    let folder = tempfile::tempdir().unwrap();
    let source = folder.path().join("sales.csv");
    fs::write(&source, sales).unwrap();
    let program = code.replace(upload["uri"].as_str().unwrap(), &format!("file://{}", source.display()));
    assert_ne!(program, code);
    let cold: Vec<Duration> = (0..COLD).map(|_| spark_submit(&engine, folder.path(), &program)).collect();

    let (warm, cold, pool_start) = (median(warm).as_secs_f64(), median(cold).as_secs_f64(), pool_start.as_secs_f64());
    println!("from a request to its rows, {ROWS} rows, median    s");
    println!("  in a sandbox that was started ahead      {warm:>8.2}");
    println!("  spark-submit of the same program         {cold:>8.2}   {:.1} × as long", cold / warm);
    println!("a sandbox is ready within                  {pool_start:>8.2}");
    println!("  and takes, while it waits                {driver_rss:>8.0} MB");
    let round = |figure: f64| (figure * 1000.0).round() / 1000.0;
    let line = json!({
        "bench": "local_spark",
        "warm_s": round(warm),
        "cold_submit_s": round(cold),
        "ratio": round(cold / warm),
        "pool_start_s": round(pool_start),
        "driver_rss_mb": driver_rss.round(),
    });
    println!("{line}");
}

fn sales() -> String {
    let mut csv = String::from("id,region,amount\n");
    for id in 0..ROWS {
        writeln!(csv, "{id},{},{}", ["North", "South", "East", "West"][id % 4], (id * 7919) % 1000).unwrap();
    }
    csv
}

/// Nothing is set but that it listens to this machine alone.
fn spark_submit(engine: &Installed, folder: &Path, program: &str) -> Duration {
    let file = folder.join("program.py");
    fs::write(&file, program).unwrap();
    let home = engine.folder.join(&engine.packages).join("pyspark");
    let python = engine.folder.join("venv/bin/python3");
    let begun = Instant::now();
    let ended = Command::new(home.join("bin/spark-submit"))
        .arg(&file)
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .env("HOME", folder)
        .env("JAVA_HOME", engine.java.as_ref().unwrap())
        .env("SPARK_HOME", home)
        .env("PYSPARK_PYTHON", &python)
        .env("PYSPARK_DRIVER_PYTHON", &python)
        .env("SPARK_LOCAL_IP", "127.0.0.1")
        .env("OUTPUT_PATH", format!("file://{}/out/", folder.display()))
        .current_dir(folder)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let took = begun.elapsed();
    assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stderr));
    took
}
