//! Programs that pass every rule and then misbehave: each ends with its reason, and the server is as it was before.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails loudly"
)]

use std::{
    fs,
    path::Path,
    time::{Duration, Instant},
};

use enginehouse_tests::TestHost;
use serde_json::{Value, json};

const BIN: &str = env!("CARGO_BIN_EXE_enginehouse-under-test");
const MIB: u64 = 1 << 20;

/// Runs code on Ray to its end.
async fn run(host: &TestHost, code: &str) -> Value {
    let id = host.run(json!({ "framework": "ray", "code": code })).await.unwrap();
    host.ended(&id).await.unwrap()
}

fn bytes_under(folder: &Path) -> u64 {
    enginehouse_tests::files(folder).iter().filter_map(|file| fs::symlink_metadata(file).ok()).map(|m| m.len()).sum()
}

#[tokio::test]
async fn a_gigabyte_of_output_costs_neither_memory_nor_disk() {
    let host = TestHost::start(BIN).await.unwrap();
    let before = host.peak_memory_kib().unwrap();
    let code = "import ray\n\nray.init()\nprint(\"the first line\")\npiece = (\"x\" * 1023 + \"\\n\") * 1024\nfor _ in range(1024):\n    \
                print(piece, end=\"\")\nprint(\"the last line\")\n";
    let view = run(&host, code).await;
    assert_eq!(view["state"], "succeeded", "{view}");
    let id = view["id"].as_str().unwrap();
    let (mut from, mut first, mut last, mut read) = (0, String::new(), String::new(), 0);
    loop {
        let chunk = host.get(&format!("/v1/runs/{id}/log?from={from}")).await.unwrap();
        let text = chunk["text"].as_str().unwrap();
        if first.is_empty() {
            first = text.to_owned();
        }
        if !text.is_empty() {
            last = text.to_owned();
        }
        read += text.len();
        from = chunk["next"].as_u64().unwrap();
        if chunk["end"] == true {
            break;
        }
    }
    assert!(first.starts_with("the first line\n") && last.ends_with("the last line\n"));
    assert!(read as u64 <= 32 * MIB, "{read} bytes were kept");
    let grown = host.peak_memory_kib().unwrap() - before;
    eprintln!("1 GiB printed with {grown} KiB more memory at the peak, {read} bytes kept");
    assert!(grown < 64 * 1024, "{grown} KiB more");
    assert!(bytes_under(&host.data()) < 64 * MIB);
}

#[tokio::test]
async fn a_program_that_ends_by_a_signal_says_which() {
    let host = TestHost::start(BIN).await.unwrap();
    let view = run(
        &host,
        "import numpy as np\nimport ray\n\nray.init()\nfar = np.lib.stride_tricks.as_strided(np.zeros(1), \
                shape=(1 << 40,), strides=(8,))\nprint(far[1 << 39])\n",
    )
    .await;
    assert_eq!(view["state"], "failed", "{view}");
    let told = view["problem"]["detail"].as_str().unwrap();
    assert!(told.contains("signal 11"), "{told}");
    assert_eq!(host.get("/readyz").await.unwrap()["ready"], true);
}

#[tokio::test]
async fn what_takes_all_memory_is_ended_at_its_limit() {
    let host = TestHost::start(BIN).await.unwrap();
    let code = "import ray\n\nray.init()\nheld = []\nfor _ in range(4096):\n    held.append(bytearray(64 << 20))\n    print(len(held))\n";
    let view = run(&host, code).await;
    assert_eq!(view["state"], "failed", "{view}");
    let told = view["problem"]["detail"].as_str().unwrap();
    assert!(told.contains("memory") || told.contains("MemoryError"), "{told}");
    assert_eq!(host.get("/readyz").await.unwrap()["ready"], true);
}

#[tokio::test]
async fn a_sandbox_that_is_killed_from_outside_is_told_as_lost() {
    let host = TestHost::start(BIN).await.unwrap();
    let code = "import time\n\nimport ray\n\nray.init()\nprint(\"up\", flush=True)\ntime.sleep(600)\n";
    let id = host.run(json!({ "framework": "ray", "code": code })).await.unwrap();
    let since = Instant::now();
    while host.get(&format!("/v1/runs/{id}/log")).await.unwrap()["text"] != "up\n" {
        assert!(since.elapsed() < Duration::from_secs(120), "the program does not come up");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    let shim = shim_of(&host.data()).expect("a shim watches over the program");
    assert!(std::process::Command::new("kill").args(["-9", &shim.to_string()]).status().unwrap().success());
    let view = host.ended(&id).await.unwrap();
    assert_eq!(view["state"], "failed", "{view}");
    assert_eq!(view["problem"]["kind"], "engine-lost", "{view}");
    assert_eq!(host.get("/readyz").await.unwrap()["ready"], true);
}

/// The process that watches over the one program of this server: its last argument is the program's folder.
fn shim_of(data: &Path) -> Option<u32> {
    let processes = fs::read_dir("/proc").unwrap().flatten();
    let ids = processes.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    ids.into_iter().find(|id| {
        let command = fs::read(format!("/proc/{id}/cmdline")).unwrap_or_default();
        let arguments: Vec<_> = command.split(|byte| *byte == 0).map(String::from_utf8_lossy).collect();
        arguments.get(1).is_some_and(|first| first == "shim")
            && arguments.get(2).is_some_and(|folder| Path::new(folder.as_ref()).starts_with(data))
    })
}
