//! Requests a second, by the same client against either service.

use std::{
    net::TcpListener,
    process::Child,
    sync::atomic::{AtomicUsize, Ordering},
    time::{Duration, Instant},
};

use enginehouse_tests::TestHost;
use serde_json::{Value, json};

use crate::{BIN, FOR, python, script};

const CLIENTS: usize = 8;
const LINES: usize = 100;

pub(crate) async fn ours() -> f64 {
    let host = TestHost::start(BIN).await.unwrap();
    rate(&host.at("/v1/frameworks/spark/validate"), request).await
}

pub(crate) async fn ours_cached() -> f64 {
    let host = TestHost::start(BIN).await.unwrap();
    rate(&host.at("/v1/frameworks/spark/validate"), |_| request(0)).await
}

pub(crate) async fn fastapi() -> f64 {
    struct Ends(Child);
    impl Drop for Ends {
        fn drop(&mut self) {
            // Asked and not killed, so that it ends its workers as well.
            let _ = std::process::Command::new("kill").arg(self.0.id().to_string()).status();
            let _ = self.0.wait();
        }
    }
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let _ends = Ends(python::service(port));
    let url = format!("http://127.0.0.1:{port}/validate");
    let since = Instant::now();
    while enginehouse_tests::client().post(&url).json(&request(0)).send().await.is_err() {
        assert!(since.elapsed() < Duration::from_secs(30), "FastAPI does not start");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    rate(&url, request).await
}

fn request(number: usize) -> Value {
    json!({ "code": script::program(LINES, number) })
}

async fn rate(url: &str, body: impl Fn(usize) -> Value + Sync) -> f64 {
    let http = enginehouse_tests::client();
    let sent = AtomicUsize::new(0);
    let client = async || {
        loop {
            let number = sent.fetch_add(1, Ordering::Relaxed);
            let response = http.post(url).json(&body(number)).send().await.unwrap();
            assert!(response.status().is_success(), "{}", response.status());
            response.bytes().await.unwrap();
        }
    };
    let warm_up = futures::future::join_all((0..CLIENTS).map(|_| client()));
    let _timed_out = tokio::time::timeout(Duration::from_millis(500), warm_up).await;
    let (before, since) = (sent.load(Ordering::Relaxed), Instant::now());
    let clients = futures::future::join_all((0..CLIENTS).map(|_| client()));
    let _timed_out = tokio::time::timeout(FOR * 2, clients).await;
    #[expect(clippy::cast_precision_loss, reason = "a rate")]
    let answered = (sent.load(Ordering::Relaxed) - before) as f64;
    answered / since.elapsed().as_secs_f64()
}
