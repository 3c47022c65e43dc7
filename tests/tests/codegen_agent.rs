//! The agent itself, called as AgentCore calls a container, and through AgentCore by the adapter that our hosts have.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails loudly"
)]

use std::{
    collections::{BTreeMap, VecDeque},
    fmt,
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use axum::body::Body;
use enginehouse::agent;
use enginehouse_aws::{Account, AccountConfig, AgentCoreConfig, AgentCoreModel, Service};
use enginehouse_capabilities::{
    CallContext, CodegenReply, CodegenRequest, Error, Finish, Listener, Message, Model, Result, Role,
    conformance::Heard,
};
use enginehouse_fakes::aws::{Answer, Call, FakeAws};
use reqwest::{Client, Response};
use serde_json::{Value, json};
use tokio::{net::TcpListener, sync::Semaphore};

/// Whether an error means what it is to mean.
type Meaning = fn(&Error) -> bool;
/// The pieces of an answer, and how it ends.
type Said = (Vec<&'static str>, Finish);

/// A model that says what it is told to, piece by piece, each when it may.
#[derive(Debug)]
struct Told {
    replies: Mutex<VecDeque<Result<Said>>>,
    requests: Mutex<Vec<CodegenRequest>>,
    may: Semaphore,
}

impl fmt::Display for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a model that is told")
    }
}

#[async_trait]
impl Model for Told {
    async fn answer(&self, _: &CallContext, request: CodegenRequest, listener: &dyn Listener) -> Result<CodegenReply> {
        self.requests.lock().unwrap().push(request);
        let (pieces, finish) = self.replies.lock().unwrap().pop_front().unwrap()?;
        for piece in &pieces {
            self.may.acquire().await.unwrap().forget();
            listener.hear(piece);
        }
        Ok(CodegenReply { text: pieces.concat(), finish, model: "told-1".into(), input_tokens: 3, output_tokens: 5 })
    }
}

struct House {
    model: Arc<Told>,
    url: String,
    http: Client,
}

async fn house(replies: impl IntoIterator<Item = Result<(Vec<&'static str>, Finish)>>) -> House {
    let _chosen = rustls::crypto::ring::default_provider().install_default();
    let replies = Mutex::new(replies.into_iter().collect());
    let model = Arc::new(Told { replies, requests: Mutex::default(), may: Semaphore::new(100) });
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(agent::serve(listener, Arc::clone(&model) as Arc<dyn Model>, std::future::pending()));
    House { model, url, http: Client::new() }
}

impl House {
    async fn invoke(&self, accept: &str, payload: impl Into<reqwest::Body>) -> Response {
        let request = self.http.post(format!("{}/invocations", self.url)).header("accept", accept);
        request.header("x-amzn-bedrock-agentcore-runtime-session-id", "by-header").body(payload).send().await.unwrap()
    }

    async fn ping(&self) -> Value {
        self.http.get(format!("{}/ping", self.url)).send().await.unwrap().json().await.unwrap()
    }

    /// AgentCore with this agent as its container, and the adapter for it.
    async fn through_agentcore(&self, accept: Option<&'static str>) -> (FakeAws, AgentCoreModel) {
        let (http, url) = (self.http.clone(), self.url.clone());
        let fake = FakeAws::start(Container { http, url, accept }).await;
        let config = AccountConfig {
            region: Some("eu-west-1".into()),
            keys: Some(("AKIDEXAMPLE".into(), "secret".into())),
            endpoints: BTreeMap::from([(Service::BedrockAgentcore, fake.url())]),
            ..AccountConfig::default()
        };
        let runtime_arn = "arn:aws:bedrock-agentcore:eu-west-1:000000000000:runtime/codegen-0123456789".into();
        let config =
            (Account::open(&config).await.unwrap(), AgentCoreConfig { runtime_arn, qualifier: None, model_id: None });
        (fake, AgentCoreModel::new(&config.0, config.1))
    }
}

/// AgentCore as it hands invocations on to a container.
struct Container {
    http: Client,
    url: String,
    /// In the place of what the caller accepts.
    accept: Option<&'static str>,
}

#[async_trait]
impl enginehouse_fakes::aws::Service for Container {
    fn name(&self) -> &'static str {
        "bedrock-agentcore"
    }

    async fn answer(&self, call: Call) -> Answer {
        let accept = self.accept.unwrap_or_else(|| call.headers["accept"].to_str().unwrap());
        let request = self.http.post(format!("{}/invocations", self.url)).header("accept", accept).body(call.body);
        let answer = request.send().await.unwrap();
        if !answer.status().is_success() {
            let message = format!("Received error ({}) from runtime.", answer.status().as_u16());
            return Answer::error("RuntimeClientError", &message);
        }
        let output = json!({"Content-Type": answer.headers()["content-type"].to_str().unwrap()});
        Answer::Body(output, Body::from_stream(answer.bytes_stream()))
    }
}

async fn ask(model: &AgentCoreModel) -> (Result<CodegenReply>, Vec<String>) {
    let (heard, messages) = (Heard::default(), vec![Message { role: Role::User, text: "count the rows".into() }]);
    let request = CodegenRequest { system: "write Python".into(), messages, max_tokens: 500 };
    let cx = CallContext { framework: "spark".into(), digest: "0".repeat(64), run: None, attempt: None };
    let answer = model.answer(&cx, request, &heard).await;
    (answer, heard.pieces())
}

#[tokio::test]
async fn an_invocation_is_answered_with_the_code_and_what_it_took() {
    let house = house([Ok((vec!["x = ", "1"], Finish::Complete)), Ok((vec!["y"], Finish::Truncated))]).await;
    let payload = r#"{"prompt": "count", "system_prompt": "write", "model_id": "m", "session_id": "s"}"#;
    let answer = house.invoke("application/json", payload).await;
    assert_eq!(answer.headers()["content-type"], "application/json");
    let usage = json!({"input_tokens": 3, "output_tokens": 5});
    let whole =
        json!({"code": "x = 1", "model": "told-1", "stop_reason": "end_turn", "usage": usage, "session_id": "s"});
    assert_eq!(answer.json::<Value>().await.unwrap(), whole);
    let answer: Value = house.invoke("*/*", r#"{"prompt": "count"}"#).await.json().await.unwrap();
    assert_eq!((&answer["stop_reason"], &answer["session_id"]), (&json!("max_tokens"), &json!("by-header")));
    let requests = house.model.requests.lock().unwrap();
    let message = Message { role: Role::User, text: "count".into() };
    assert_eq!((requests[0].system.as_str(), &requests[0].messages), ("write", &vec![message]));
}

#[tokio::test]
async fn who_wants_events_hears_each_piece_as_it_comes() {
    let house = house([Ok((vec!["x = ", "1\n", "\n"], Finish::Complete))]).await;
    house.model.may.forget_permits(99);
    let mut answer = house.invoke("application/json, text/event-stream", r#"{"prompt": "count"}"#).await;
    assert_eq!(answer.headers()["content-type"], "text/event-stream");
    assert_eq!(answer.chunk().await.unwrap().unwrap(), "data: {\"text\":\"x = \"}\n\n");
    assert_eq!(house.ping().await["status"], "HealthyBusy");
    house.model.may.add_permits(2);
    let rest = answer.text().await.unwrap();
    let events: Vec<Value> = rest
        .split("\n\n")
        .filter_map(|event| Some(serde_json::from_str(event.strip_prefix("data: ")?).unwrap()))
        .collect();
    let usage = json!({"input_tokens": 3, "output_tokens": 5});
    let last =
        json!({"done": true, "model": "told-1", "stop_reason": "end_turn", "usage": usage, "session_id": "by-header"});
    assert_eq!(events, [json!({"text": "1\n"}), json!({"text": "\n"}), last]);
    assert_eq!(house.ping().await["status"], "Healthy");
}

#[tokio::test]
async fn the_ping_says_whether_something_goes_on_and_since_when() {
    let house = house([Ok((vec!["x"], Finish::Complete))]).await;
    let idle = house.ping().await;
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    assert_eq!(idle["status"], "Healthy");
    assert!(idle["time_of_last_update"].as_u64().is_some_and(|since| now.abs_diff(since) < 60), "{idle}");
    house.model.may.forget_permits(100);
    let answer = house.invoke("text/event-stream", r#"{"prompt": "count"}"#).await;
    assert_eq!(house.ping().await["status"], "HealthyBusy");
    drop(answer);
    let begun = std::time::Instant::now();
    while house.ping().await["status"] != "Healthy" {
        assert!(begun.elapsed() < Duration::from_secs(10), "who hangs up ends the work");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn a_payload_that_cannot_be_right_is_a_problem_document() {
    let house = house([]).await;
    for payload in ["{}".to_owned(), "no JSON".into(), format!("{{\"prompt\": \"{}\"}}", "x".repeat(1 << 20))] {
        let answer = house.invoke("text/event-stream", payload).await;
        assert_eq!(
            (answer.status().as_u16(), answer.headers()["content-type"].as_bytes()),
            (400, &b"application/problem+json"[..])
        );
        let problem: Value = answer.json().await.unwrap();
        assert!(problem["status"] == 400 && !problem["detail"].as_str().unwrap().is_empty(), "{problem}");
    }
    assert!(house.model.requests.lock().unwrap().is_empty());
}

#[tokio::test]
async fn through_agentcore_the_adapter_understands_both_forms() {
    for accept in [None, Some("application/json")] {
        let replies =
            [Finish::Complete, Finish::Truncated, Finish::Refused].map(|finish| Ok((vec!["print('ä", "\n')"], finish)));
        let house = house(replies).await;
        let (_fake, adapter) = house.through_agentcore(accept).await;
        for finish in [Finish::Complete, Finish::Truncated, Finish::Refused] {
            let (answer, heard) = ask(&adapter).await;
            let reply = CodegenReply {
                text: "print('ä\n')".into(),
                finish,
                model: "told-1".into(),
                input_tokens: 3,
                output_tokens: 5,
            };
            assert_eq!(answer.unwrap(), reply);
            assert_eq!(heard.len(), if accept.is_none() { 2 } else { 1 }, "{accept:?}");
        }
    }
}

#[tokio::test]
async fn through_agentcore_an_error_of_the_model_keeps_its_meaning() {
    for accept in [None, Some("application/json")] {
        let house = house([
            Err(Error::Unavailable("too much to do".into())),
            Err(Error::QuotaExceeded("spent".into())),
            Err(Error::Denied("no key".into())),
            Err(Error::Other { message: "strange".into(), source: None }),
        ])
        .await;
        let (fake, adapter) = house.through_agentcore(accept).await;
        let meant: [(&str, Meaning); 4] = [
            ("too much to do", |e| matches!(e, Error::Unavailable(_))),
            ("spent", |e| matches!(e, Error::QuotaExceeded(_))),
            ("no key", |e| matches!(e, Error::Denied(_))),
            ("strange", |e| matches!(e, Error::Other { .. })),
        ];
        for (told, fits) in meant {
            let error = ask(&adapter).await.0.unwrap_err();
            assert!(fits(&error) && error.to_string().contains(told), "{accept:?}: {error:?}");
        }
        assert_eq!(fake.count("InvokeAgentRuntime"), 4, "what may have been answered is not asked for again");
    }
}

#[tokio::test]
async fn told_to_stop_it_ends() {
    let _chosen = rustls::crypto::ring::default_provider().install_default();
    let model = Arc::new(Told { replies: Mutex::default(), requests: Mutex::default(), may: Semaphore::new(0) });
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let served = agent::serve(listener, model, std::future::ready(()));
    tokio::time::timeout(Duration::from_secs(5), served).await.unwrap().unwrap();
}
