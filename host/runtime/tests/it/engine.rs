//! The engine itself.

use std::{env, process::Command, time::Duration};

use enginehouse_runtime::{Error, Limits, LoadError, PluginConfig};

use crate::{
    common::{outside, runtime, task},
    guest::Guest,
};

/// The names of this process's threads.
fn clocks() -> usize {
    let threads = std::fs::read_dir("/proc/self/task").unwrap().flatten();
    threads
        .filter(|thread| std::fs::read_to_string(thread.path().join("comm")).is_ok_and(|name| name == "epochs\n"))
        .count()
}

async fn clocks_become(expected: usize) -> bool {
    for _ in 0..100 {
        if clocks() == expected {
            return true;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    false
}

/// Runs one of the ignored tests below in a process with so many KiB of address space.
fn run_within(kibibytes: u32, test: &str) {
    let script = format!("ulimit -v {kibibytes} && exec \"$0\" --exact engine::{test} --ignored");
    let output = Command::new("sh").args(["-c", &script]).arg(env::current_exe().unwrap()).output().unwrap();
    let words = String::from_utf8_lossy(&output.stdout);
    let passed = output.status.success() && words.contains("1 passed");
    assert!(passed, "{words}{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn with_little_address_space_it_serves_without_a_pool_and_its_clock_ends_with_it() {
    run_within(16 << 20, "in_little_address_space");
}

#[test]
fn where_no_instance_can_be_had_the_host_has_failed_and_not_the_plugin() {
    run_within(1 << 20, "in_less_address_space_than_an_instance");
}

#[tokio::test]
#[ignore = "run above"]
async fn in_little_address_space() {
    let (runtime, _) = runtime();
    assert!(!runtime.is_pooled());
    // A thread gives itself its name, some time after it was started.
    assert!(clocks_become(1).await, "no clock runs");
    let plugin = runtime.load(Guest::default().wasm().into(), PluginConfig::default()).await.unwrap();
    assert!(plugin.validate(&outside(), &task(), "print(1)").await.unwrap().validated.is_some());
    drop((plugin, runtime));
    assert!(clocks_become(0).await, "the engine's clock still runs");
}

#[tokio::test]
#[ignore = "run above"]
async fn in_less_address_space_than_an_instance() {
    let limits = Limits { memory: 1 << 30, ..Limits::default() };
    let guest = Guest { pages: 16_000, ..Guest::default() };
    let config = PluginConfig { limits, ..PluginConfig::default() };
    let error = runtime().0.load(guest.wasm().into(), config).await.unwrap_err();
    assert!(matches!(&error, LoadError::Describe(error) if matches!(**error, Error::Host(_))), "{error:?}");
}
