//! Requests on a real Ray cluster, by every way there is to one.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails loudly"
)]

mod between;
mod head;
mod house;
mod trouble;

use std::net::{IpAddr, SocketAddr, TcpStream};

use enginehouse::config::Config;
use enginehouse_local::engines::EnginesRoot;
use enginehouse_tests::{Parts, TestHost};
use serde_json::{Value, json};

use crate::{
    head::listening,
    house::{BIN, House, Way},
};

/// The seed's own request, and a table out of a CSV: what came of both.
async fn story(host: &TestHost) -> Value {
    let request =
        json!({ "prompt": "Calculate sum of numbers 1-100", "session_id": "session-123", "framework": "ray" });
    let written = host.post("/generate", request).await.unwrap();
    let code = written["code"].as_str().unwrap();
    let ran = host.post("/execute", json!({ "code": code, "session_id": "session-123" })).await.unwrap();
    assert_eq!((&ran["success"], &ran["execution_result"]), (&json!(true), &json!("success")), "{ran}");
    assert!(ran["output"].as_str().unwrap().contains("5050"), "{ran}");

    let csv: String =
        (0..300).map(|id| format!("{id},{},{}\n", ["North", "South", "East"][id % 3], id * 7 % 100)).collect();
    host.upload("table", "sales.csv", format!("id,region,amount\n{csv}")).await.unwrap();
    let run = host.run(json!({ "framework": "ray", "session_id": "table", "prompt": "total amount by region" }));
    let run = run.await.unwrap();
    let view = host.ended(&run).await.unwrap();
    assert_eq!(view["state"], "succeeded", "{view}");
    let page = host.get(&format!("/v1/runs/{run}/results")).await.unwrap();

    let code = "import ray\n\nray.init()\n\n\n@ray.remote\ndef divide(n):\n    return 1 / n\n\n\nprint(ray.get(divide.remote(0)))\n";
    let failed = host.post("/execute", json!({ "code": code })).await.unwrap();
    json!([code, ran["output"], ran["actual_results"], page["columns"], page["rows"], failed["error"]])
}

#[tokio::test(flavor = "multi_thread")]
async fn the_seeds_request_gives_the_same_on_this_machine_and_by_every_way_to_a_cluster() {
    let local = {
        tokio::task::spawn_blocking(|| {
            let root = EnginesRoot::new(&Config::default().local.engines);
            let ray = root.engines().iter().find(|engine| engine.name == "ray").unwrap();
            root.install(&ray.name, |_| {}).unwrap();
        })
        .await
        .unwrap();
        story(&TestHost::start_with(BIN, Parts::default()).await.unwrap()).await
    };
    let error = local[5].as_str().unwrap();
    assert!(error.contains("ZeroDivisionError") && error.contains("line 8"), "{error}");

    let house = House::open().await;
    for way in [Way::InProcess, Way::OurGateway, Way::Python, Way::Once] {
        let (host, _gateway) = house.server(way).await;
        assert_eq!(story(&host).await, local, "{way:?}");
        let status = host.get("/ray/status").await.unwrap();
        assert_eq!(status["status"], "connected", "{way:?}: {status}");
        if matches!(way, Way::InProcess | Way::OurGateway) {
            assert_eq!(status["ray_version"], "2.60.0", "{status}");
        }
        let jobs = host.get("/ray/jobs").await.unwrap();
        let statuses: Vec<_> = jobs["jobs"].as_array().unwrap().iter().map(|job| job["status"].clone()).collect();
        assert_eq!(statuses, ["FAILED", "SUCCEEDED", "SUCCEEDED"], "{jobs}");
        let job = jobs["jobs"][0]["job_id"].as_str().unwrap();
        let logs = host.get(&format!("/ray/jobs/{job}/logs")).await.unwrap();
        assert!(logs["logs"].as_str().unwrap().contains("ZeroDivisionError: division by zero"), "{logs}");
    }
    assert_eq!(house.head.open_jobs().await, 0, "nothing goes on");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_port_of_a_cluster_is_reached_from_outside_its_namespace() {
    let house = House::open().await;
    let (host, _) = house.server(Way::InProcess).await;
    let ran =
        host.post("/execute", json!({ "code": "import ray\n\nray.init()\nprint(1)\n", "framework": "ray" })).await;
    assert_eq!(ran.unwrap()["success"], true, "all of it listens once a program has run");
    let (within, ours) = (house.head.ports(), listening("/proc/self/net"));
    assert!(within.contains(&8265) && within.len() > 5, "{within:?}");
    let addresses = std::fs::read_to_string("/proc/net/fib_trie").unwrap();
    let mut addresses: Vec<IpAddr> =
        addresses.lines().filter_map(|line| line.split_whitespace().last()?.parse().ok()).collect();
    addresses.push("::1".parse().unwrap());
    addresses.sort_unstable();
    addresses.dedup();
    for port in within.iter().filter(|port| !ours.contains(port)) {
        for address in addresses.iter().filter(|address| !address.is_unspecified()) {
            let there = SocketAddr::new(*address, *port);
            let reached = TcpStream::connect_timeout(&there, std::time::Duration::from_millis(200));
            assert!(reached.is_err(), "{there} is open");
        }
    }
}
