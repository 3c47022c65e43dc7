//! Programs and clusters that go wrong: each run ends in the right state with its log, and nothing goes on.

use std::time::{Duration, Instant};

use enginehouse_tests::TestHost;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _, copy, copy_bidirectional},
    net::{TcpListener, TcpStream},
};

use crate::house::{House, Way};

pub(crate) const HANGS: &str =
    "import time\nimport ray\n\nray.init()\nprint(\"it begins\", flush=True)\nwhile True:\n    time.sleep(0.2)\n";

pub(crate) async fn ended(host: &TestHost, request: Value) -> (Value, String) {
    let run = host.run(request).await.unwrap();
    told(host, &run).await
}

pub(crate) async fn told(host: &TestHost, run: &str) -> (Value, String) {
    let view = host.ended(run).await.unwrap();
    let logs = host.get(&format!("/ray/jobs/{run}/logs")).await.unwrap();
    (view, logs["logs"].as_str().unwrap().to_owned())
}

pub(crate) fn program(code: &str) -> Value {
    json!({ "framework": "ray", "code": code, "max_attempts": 1 })
}

async fn runs(host: &TestHost, run: &str) {
    let begun = Instant::now();
    loop {
        let logs = host.get(&format!("/ray/jobs/{run}/logs")).await.unwrap();
        if logs["logs"].as_str().unwrap().contains("it begins") {
            return;
        }
        assert!(begun.elapsed() < Duration::from_secs(90), "the program does not begin");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

pub(crate) async fn nothing_goes_on(house: &House) {
    let begun = Instant::now();
    while house.head.open_jobs().await > 0 {
        assert!(begun.elapsed() < Duration::from_secs(30), "a job goes on");
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn programs_that_go_wrong_end_in_the_right_state_with_their_logs() {
    let house = House::open().await;
    let (host, _) = house.server(Way::InProcess).await;

    let (view, log) = ended(&host, json!({ "framework": "ray", "code": HANGS, "run_seconds": 3 })).await;
    assert_eq!(view["state"], "timed-out", "{view}");
    assert!(log.contains("it begins"), "{log}");
    nothing_goes_on(&house).await;

    let run = host.run(program(HANGS)).await.unwrap();
    runs(&host, &run).await;
    let stopped = host.post(&format!("/ray/jobs/{run}/stop"), json!({})).await.unwrap();
    assert_eq!(stopped["success"], true, "{stopped}");
    let (view, log) = told(&host, &run).await;
    assert_eq!(view["state"], "cancelled", "{view}");
    assert!(log.contains("it begins"), "{log}");
    nothing_goes_on(&house).await;

    let flood = "import ray\n\nray.init()\nprint(\"it begins\")\nline = \"x\" * 1023\nfor _ in range(100 * 1024):\n    print(line)\nprint(\"the end\")\n";
    let run = host.run(program(flood)).await.unwrap();
    let view = host.ended(&run).await.unwrap();
    assert_eq!(view["state"], "succeeded", "{view}");
    let (mut from, mut last, mut dropped) = (0, String::new(), 0);
    loop {
        let page = host.get(&format!("/v1/runs/{run}/log?from={from}")).await.unwrap();
        if page["end"] == true {
            break;
        }
        dropped += page["dropped"].as_u64().unwrap();
        (from, last) = (page["next"].as_u64().unwrap(), page["text"].as_str().unwrap().to_owned());
    }
    assert!(last.ends_with("the end\n"), "{}", last.len());
    assert!(dropped > 80 << 20, "{dropped}");
    let memory = host.peak_memory_kib().unwrap();
    assert!(memory < 600 << 10, "{memory} KiB for a log of 100 MB");

    let crash = "import sys\nimport ray\n\nray.init()\n\n\n@ray.remote(max_retries=0)\ndef fall(n):\n    sys.setrecursionlimit(10**9)\n    \
                 deep = []\n    for _ in range(n):\n        deep = [deep]\n    return repr(deep)\n\n\nprint(\"it begins\")\nray.get(fall.remote(10**6))\n";
    let (view, log) = ended(&host, program(crash)).await;
    assert_eq!(view["state"], "failed", "{view}");
    assert!(view.to_string().contains("worker-lost"), "{view}");
    assert!(log.contains("it begins"), "{log}");

    let leaves = "import sys\nimport ray\n\nray.init()\nprint(\"it begins\")\nsys.exit(3)\n";
    let (view, _) = ended(&host, program(leaves)).await;
    assert_eq!(view["state"], "failed", "{view}");
    assert!(view.to_string().contains("exited with 3"), "{view}");
    nothing_goes_on(&house).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_head_that_is_lost_loses_its_jobs_and_one_that_returns_takes_new_ones() {
    let mut house = House::open().await;
    let (host, _) = house.server(Way::InProcess).await;
    let run = host.run(program(HANGS)).await.unwrap();
    runs(&host, &run).await;
    house.head.kill();
    tokio::time::sleep(Duration::from_secs(8)).await;
    let status = host.get("/ray/status").await.unwrap();
    assert_eq!(status["status"], "disconnected", "{status}");
    let view = host.get(&format!("/v1/runs/{run}")).await.unwrap();
    assert_eq!(view["state"], "running", "a cluster that does not answer is waited for: {view}");
    house.head.restart().await;
    let (view, log) = told(&host, &run).await;
    assert_eq!(view["state"], "failed", "{view}");
    assert!(view.to_string().contains("does not know the job any more") && log.contains("it begins"), "{view} {log}");
    let (view, log) = ended(&host, program("import ray\n\nray.init()\nprint(\"again\")\n")).await;
    assert_eq!((&view["state"], log.as_str()), (&json!("succeeded"), "again\n"), "{view}");
    nothing_goes_on(&house).await;
}

/// A way to an address on which every third connection breaks off in the middle of an answer.
async fn breaking(to: &str) -> String {
    let to = to.trim_start_matches("http://").to_owned();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        for number in 1_u64.. {
            let (mut from, _) = listener.accept().await.unwrap();
            let mut there = TcpStream::connect(&to).await.unwrap();
            tokio::spawn(async move {
                if number % 3 != 0 {
                    let _whoever_ends_it = copy_bidirectional(&mut from, &mut there).await;
                    return;
                }
                let ((mut asks, mut hears), (mut answers, mut takes)) = (from.split(), there.split());
                let broken = async {
                    let mut piece = vec![0; 120];
                    let some = answers.read(&mut piece).await.unwrap_or_default();
                    let _gone = hears.write_all(&piece[..some]).await;
                };
                tokio::select! {
                    () = broken => {}
                    _ = copy(&mut asks, &mut takes) => {}
                }
            });
        }
    });
    url
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_breaks_in_the_middle_of_an_answer_delays_a_run_and_doubles_none() {
    let house = House::open().await;
    let code = "import time\nimport ray\n\nray.init()\nfor step in range(8):\n    print(\"step\", step, flush=True)\n    time.sleep(1)\n";
    let steps: String = (0..8).map(|step| format!("step {step}\n")).collect();
    let (_, gateway) = house.server(Way::OurGateway).await;
    let gateway = gateway.unwrap();
    let place = gateway.url.trim_end_matches("/mcp");
    let over_mcp = format!(
        "[tools.servers.there]\nbackend = \"mcp\"\nurl = \"{}/mcp\"\nauth = {{ bearer = {{ env = \"GATEWAY_TOKEN\" }} }}\n",
        breaking(place).await
    );
    for tools in [house.tools(&breaking(&house.head.url).await), over_mcp] {
        let host = house.server_with(&tools).await;
        let (view, log) = ended(&host, program(code)).await;
        assert_eq!((&view["state"], log.as_str()), (&json!("succeeded"), steps.as_str()), "{tools}: {view}");
    }
    nothing_goes_on(&house).await;
}
