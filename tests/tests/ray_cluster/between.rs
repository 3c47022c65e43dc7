//! What stands between a server and its cluster holds requests back, or refuses them, at the worst moment.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst},
};

use axum::{
    Router,
    body::{Body, Bytes, to_bytes},
    extract::Request,
    http::{HeaderMap, Method, StatusCode, header},
    response::{IntoResponse as _, Response},
};
use serde_json::json;
use tokio::sync::Notify;

use crate::{
    house::House,
    trouble::{HANGS, ended, nothing_goes_on, program, told},
};

/// Passes requests on to a head, all but those that it is told to treat otherwise.
#[derive(Default)]
struct Between {
    /// The first submission waits until it is let go.
    holds_a_submission: AtomicBool,
    is_held: Notify,
    let_go: Notify,
    arrived: Notify,
    /// So many questions for a log fail once a job has failed.
    refuses_logs: AtomicUsize,
    a_job_failed: AtomicBool,
}

impl Between {
    /// Where it listens.
    async fn open(self: &Arc<Self>, head: &str) -> String {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (here, head) = (Arc::clone(self), head.to_owned());
        let handle = move |request: Request| {
            let (here, head) = (Arc::clone(&here), head.clone());
            // What is on its way arrives, also where the caller has gone.
            async move { tokio::spawn(async move { here.pass(&head, request).await }).await.unwrap() }
        };
        tokio::spawn(async move { axum::serve(listener, Router::new().fallback(handle)).await.unwrap() });
        url
    }

    async fn pass(&self, head: &str, request: Request) -> Response {
        let (parts, body) = request.into_parts();
        let body = to_bytes(body, 16 << 20).await.unwrap();
        let (method, path) = (parts.method, parts.uri.path().to_owned());
        let submits = method == Method::POST && path == "/api/jobs/";
        let is_held = submits && self.holds_a_submission.swap(false, SeqCst);
        if is_held {
            self.is_held.notify_one();
            self.let_go.notified().await;
        }
        let refuse = |left: usize| left.checked_sub(1).filter(|_| self.a_job_failed.load(SeqCst));
        if path.ends_with("/logs") && self.refuses_logs.fetch_update(SeqCst, SeqCst, refuse).is_ok() {
            return (StatusCode::INTERNAL_SERVER_ERROR, "the agent of the node does not answer").into_response();
        }
        let (status, answer) = forward(&format!("{head}{path}"), method, parts.headers, body).await;
        if answer.windows(8).any(|text| text == b"\"FAILED\"") {
            self.a_job_failed.store(true, SeqCst);
        }
        if is_held {
            self.arrived.notify_one();
        }
        (status, Body::from(answer)).into_response()
    }
}

async fn forward(url: &str, method: Method, mut headers: HeaderMap, body: Bytes) -> (StatusCode, Bytes) {
    headers.remove(header::HOST);
    headers.remove(header::CONTENT_LENGTH);
    let answer = reqwest::Client::new().request(method, url).headers(headers).body(body).send().await.unwrap();
    (answer.status(), answer.bytes().await.unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancel_that_overtakes_the_submission_is_obeyed() {
    let house = House::open().await;
    let between = Arc::new(Between { holds_a_submission: true.into(), ..Between::default() });
    let host = house.server_with(&house.tools(&between.open(&house.head.url).await)).await;

    let run = host.run(program(HANGS)).await.unwrap();
    between.is_held.notified().await;
    let stopped = host.post(&format!("/ray/jobs/{run}/stop"), json!({})).await.unwrap();
    assert_eq!(stopped["success"], true, "{stopped}");
    between.let_go.notify_one();
    between.arrived.notified().await;

    let (view, log) = told(&host, &run).await;
    assert_eq!((&view["state"], log.as_str()), (&json!("cancelled"), ""), "{view}");
    nothing_goes_on(&house).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_cannot_be_read_at_the_end_is_asked_for_again() {
    let house = House::open().await;
    let between = Arc::new(Between { refuses_logs: 4.into(), ..Between::default() });
    let host = house.server_with(&house.tools(&between.open(&house.head.url).await)).await;

    let fails = "import ray\n\nray.init()\nprint(\"it begins\")\nprint(1 / 0)\n";
    let (view, log) = ended(&host, program(fails)).await;
    assert_eq!(between.refuses_logs.load(SeqCst), 0, "it was asked for more often than it was refused");
    assert_eq!(view["state"], "failed", "{view}");
    assert!(view.to_string().contains("ZeroDivisionError") && view.to_string().contains("line 5"), "{view}");
    assert!(log.contains("it begins") && log.contains("ZeroDivisionError: division by zero"), "{log}");
}
