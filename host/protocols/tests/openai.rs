//! A model behind OpenAI's API: what it promises, and what goes wrong.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails loudly"
)]

use std::time::Duration;

use enginehouse_capabilities::{
    CallContext, CodegenReply, CodegenRequest, Error, Finish, Message, Model, Result, Role,
    conformance::{self, Heard},
};
use enginehouse_fakes::{
    aws::Fault,
    openai::{ChatReply, FakeOpenAi},
};
use enginehouse_protocols::openai::{OpenAiConfig, OpenAiModel};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

const KEY: &str = "sk-test-0123456789";

fn config(base_url: &str) -> OpenAiConfig {
    OpenAiConfig { base_url: base_url.into(), api_key: Some(KEY.into()), model: "small".into(), temperature: Some(0.5) }
}

struct House {
    fake: FakeOpenAi,
    model: OpenAiModel,
}

async fn house(replies: impl IntoIterator<Item = ChatReply>) -> House {
    let fake = FakeOpenAi::that_says(replies).await;
    let model = OpenAiModel::new(config(&fake.url())).unwrap();
    House { fake, model }
}

impl conformance::ModelBackend for House {
    fn will_say(&self, pieces: &[&str], finish: Finish) {
        let finish = match finish {
            Finish::Complete => "stop",
            Finish::Truncated => "length",
            Finish::Refused => "content_filter",
        };
        self.fake.script().set(ChatReply::pieces(pieces.iter().copied(), finish));
    }

    fn will_meet(&self, trouble: conformance::Trouble) {
        use conformance::Trouble;
        self.fake.fault(match trouble {
            Trouble::Throttled => Fault::Throttled,
            Trouble::Broken => Fault::Internal,
            Trouble::Cut => Fault::Cut,
            Trouble::Partial => Fault::Partial,
            Trouble::Malformed => Fault::Malformed,
            Trouble::Expired => Fault::Expired,
            Trouble::Denied => Fault::Denied,
        });
    }

    fn asked(&self) -> usize {
        self.fake.requests().len()
    }

    fn newest(&self) -> String {
        self.fake.requests().last().unwrap().to_string()
    }
}

async fn ask(model: &OpenAiModel) -> (Result<CodegenReply>, Vec<String>) {
    let (heard, messages) = (Heard::default(), vec![Message { role: Role::User, text: "count the rows".into() }]);
    let request = CodegenRequest { system: "write Python".into(), messages, max_tokens: 500 };
    let cx = CallContext { framework: "spark".into(), digest: "0".repeat(64), run: None, attempt: None };
    let answer = model.answer(&cx, request, &heard).await;
    (answer, heard.pieces())
}

#[tokio::test]
async fn an_endpoint_like_openais_keeps_the_promises_of_a_model() {
    let house = house([]).await;
    conformance::model(&house.model, &house).await;
}

#[tokio::test]
async fn the_request_is_one_that_all_endpoints_know() {
    let house = house([ChatReply::text("x = 1")]).await;
    let reply = ask(&house.model).await.0.unwrap();
    assert_eq!((reply.model.as_str(), reply.input_tokens, reply.output_tokens), ("small-1", 11, 7));
    let messages =
        json!([{"role": "system", "content": "write Python"}, {"role": "user", "content": "count the rows"}]);
    let request = json!({
        "model": "small", "messages": messages, "temperature": 0.5, "max_tokens": 500,
        "stream": true, "stream_options": {"include_usage": true},
    });
    assert_eq!(house.fake.requests(), [request]);
    assert_eq!(house.fake.callers(), [Some(format!("Bearer {KEY}"))]);
}

#[tokio::test]
async fn without_a_key_nobody_says_who_asks() {
    let fake = FakeOpenAi::that_says([ChatReply::text("x")]).await;
    let base_url = format!("{}/", fake.url());
    let model = OpenAiModel::new(OpenAiConfig { api_key: None, temperature: None, ..config(&base_url) }).unwrap();
    ask(&model).await.0.unwrap();
    assert_eq!(fake.callers(), [None]);
    assert_eq!(fake.requests()[0]["temperature"], Value::Null);
}

#[tokio::test]
async fn tokens_that_are_not_counted_are_none() {
    let house = house([ChatReply::Said(vec!["x".into()], "stop".into(), None)]).await;
    let reply = ask(&house.model).await.0.unwrap();
    assert_eq!((reply.text.as_str(), reply.input_tokens, reply.output_tokens), ("x", 0, 0));
}

#[tokio::test]
async fn an_endpoint_that_leaves_out_what_it_can_is_understood() {
    let events = [
        json!({"choices": [{"delta": {"content": "x = "}}]}),
        json!({"choices": [{"delta": {"content": "1", "reasoning_content": "hm"}, "finish_reason": null}], "extra": 1}),
        json!({"choices": [{"finish_reason": "stop"}], "usage": {"prompt_tokens": 3}}),
    ];
    let house = house([ChatReply::Events(events.map(|event| event.to_string()).to_vec())]).await;
    let reply = ask(&house.model).await.0.unwrap();
    assert_eq!((reply.text.as_str(), reply.finish, reply.model.as_str()), ("x = 1", Finish::Complete, "small"));
    assert_eq!((reply.input_tokens, reply.output_tokens), (3, 0));
}

#[tokio::test]
async fn a_refusal_is_told_as_one() {
    let events = [
        json!({"choices": [{"delta": {"refusal": "I cannot"}}]}),
        json!({"choices": [{"delta": {}, "finish_reason": "stop"}]}),
    ];
    let house = house([ChatReply::Events(events.map(|event| event.to_string()).to_vec())]).await;
    let (answer, heard) = ask(&house.model).await;
    let reply = answer.unwrap();
    assert_eq!((reply.text.as_str(), reply.finish, heard), ("I cannot", Finish::Refused, vec!["I cannot".to_owned()]));
}

#[tokio::test]
async fn statuses_have_a_meaning_and_nothing_is_sent_twice() {
    type Fits = fn(&Error) -> bool;
    let error = ChatReply::error;
    let meant: [(ChatReply, Fits); 11] = [
        (error(401, "invalid_request_error", Some("invalid_api_key"), "wrong key"), |e| matches!(e, Error::Denied(_))),
        (error(403, "permission_error", None, "not yours"), |e| matches!(e, Error::Denied(_))),
        (
            error(404, "api_error", None, "model 'small' not found, try pulling it first"),
            |e| matches!(e, Error::NotFound(text) if text.contains("`small`") && text.contains("http://127.0.0.1") && text.contains("pulling")),
        ),
        (error(429, "rate_limit_error", None, "slow down"), |e| matches!(e, Error::Unavailable(_))),
        (
            error(429, "insufficient_quota", Some("insufficient_quota"), "no money left"),
            |e| matches!(e, Error::QuotaExceeded(text) if text.contains("billing")),
        ),
        (
            error(400, "invalid_request_error", Some("context_length_exceeded"), "at most 8192 tokens"),
            |e| matches!(e, Error::Invalid(text) if text.contains("8192")),
        ),
        (
            ChatReply::Status(500, "{\"error\": \"llama runner process has terminated\"}".into()),
            |e| matches!(e, Error::Unavailable(text) if text.contains("runner")),
        ),
        (
            ChatReply::Status(503, "<html>no healthy upstream</html>".into()),
            |e| matches!(e, Error::Unavailable(text) if text.contains("upstream")),
        ),
        (ChatReply::Status(504, String::new()), |e| matches!(e, Error::TimedOut(_))),
        (ChatReply::Status(308, String::new()), |e| matches!(e, Error::Invalid(_))),
        (ChatReply::Status(200, "<html>hello</html>".into()), |e| {
            matches!(e, Error::Other { .. }) && e.to_string().contains("base url")
        }),
    ];
    let house = house(meant.iter().map(|(reply, _)| reply.clone())).await;
    for (n, (reply, fits)) in meant.into_iter().enumerate() {
        let error = ask(&house.model).await.0.unwrap_err();
        assert!(fits(&error), "{reply:?}: {error:?}");
        assert_eq!(house.fake.requests().len(), n + 1, "{reply:?}");
    }
}

#[tokio::test]
async fn what_ends_without_its_reason_or_with_a_strange_one_is_no_answer() {
    let piece = json!({"choices": [{"delta": {"content": "x = "}}]}).to_string();
    let with = |event: Value| ChatReply::Events(vec![piece.clone(), event.to_string(), "[DONE]".into()]);
    let house = house([
        ChatReply::Events(vec![piece.clone(), "[DONE]".into()]),
        ChatReply::Events(Vec::new()),
        with(json!({"error": {"message": "engine died"}})),
        with(json!({"error": {"message": "too many", "code": 429}})),
        with(json!({"choices": [{"finish_reason": "tool_calls"}]})),
        with(json!({"choices": "none"})),
    ])
    .await;
    for told in ["broke off", "broke off", "engine died", "too many"] {
        let error = ask(&house.model).await.0.unwrap_err();
        assert!(matches!(&error, Error::Unavailable(text) if text.contains(told)), "{error:?}");
    }
    for told in ["`tool_calls`", "cannot be read"] {
        let error = ask(&house.model).await.0.unwrap_err();
        assert!(matches!(&error, Error::Other { .. }) && error.to_string().contains(told), "{error:?}");
    }
    assert_eq!(house.fake.requests().len(), 6);
}

#[tokio::test]
async fn an_answer_without_an_end_is_not_read_on() {
    let megabyte = "x".repeat(1 << 20);
    let house = house([ChatReply::pieces(vec![megabyte.as_str(); 5], "stop")]).await;
    let (answer, heard) = ask(&house.model).await;
    assert!(answer.unwrap_err().to_string().contains("more than 4 MiB"));
    assert_eq!(heard.len(), 4);
    house.fake.script().set(ChatReply::Status(500, "x".repeat(30 << 20)));
    assert!(ask(&house.model).await.0.unwrap_err().to_string().len() < 1000, "of an error as much as can be read");
}

#[tokio::test]
async fn a_slow_answer_is_waited_for() {
    let house = house([ChatReply::text("x")]).await;
    house.fake.fault(Fault::Slow(Duration::from_millis(300)));
    assert_eq!(ask(&house.model).await.0.unwrap().text, "x");
}

#[tokio::test]
async fn an_event_without_an_end_ends_the_answer() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/v1", listener.local_addr().unwrap());
    let sender = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut request = vec![0; 64 << 10];
        let _ = stream.read(&mut request).await.unwrap();
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\ndata: ").await.unwrap();
        let (megabyte, mut sent) = (vec![b'x'; 1 << 20], 0);
        while sent < 1000 && stream.write_all(&megabyte).await.is_ok() {
            sent += 1;
        }
        sent
    });
    let error = ask(&OpenAiModel::new(config(&url)).unwrap()).await.0.unwrap_err();
    assert!(matches!(&error, Error::Unavailable(text) if text.contains("broke off")), "{error:?}");
    assert!(sender.await.unwrap() < 50, "the rest was not read");
}

#[tokio::test]
async fn an_endpoint_that_is_not_there_is_told_at_once() {
    let free = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let error = ask(&OpenAiModel::new(config(&format!("http://{free}/v1"))).unwrap()).await.0.unwrap_err();
    assert!(matches!(&error, Error::Unavailable(text) if text.contains("cannot be reached")), "{error:?}");
}

#[tokio::test]
async fn the_key_is_never_shown_wherever_the_endpoint_repeats_it() {
    let echo = |event: Value| ChatReply::Events(vec![event.to_string()]);
    let long = format!("{}{KEY}", "x".repeat(490));
    let replies = [
        ChatReply::error(401, "invalid_request_error", None, &format!("no such key {KEY}")),
        ChatReply::error(400, "invalid_request_error", None, &long),
        ChatReply::Status(500, format!("<html>Authorization: Bearer {KEY}</html>")),
        ChatReply::Status(422, json!({"detail": [{"input": {"authorization": KEY}}]}).to_string()),
        ChatReply::Status(400, format!(r#"{{"error": "no such key {}"}}"#, KEY.replace('-', "\\u002d"))),
        echo(json!({"error": {"message": format!("no such key {KEY}"), "code": 401}})),
        echo(json!({"error": format!("no such key {KEY}")})),
        echo(json!({"error": {"key": KEY}})),
        // Words of the parser, which quotes what it cannot read.
        echo(json!({"choices": KEY})),
        ChatReply::Events(vec![KEY.to_owned()]),
        echo(json!({"choices": [{"finish_reason": format!("no such key {KEY}")}]})),
    ];
    let house = house(replies.clone()).await;
    for reply in &replies {
        let error = ask(&house.model).await.0.unwrap_err();
        let shown = format!("{error:?} {error} {:?} {}", house.model, house.model);
        assert!(!shown.contains(KEY.get(..12).unwrap()), "{reply:?}: {shown}");
    }
    assert_eq!(house.fake.requests().len(), replies.len());

    house.fake.script().set(echo(json!({"model": format!("small for {KEY}"), "choices": [{"finish_reason": "stop"}]})));
    assert_eq!(ask(&house.model).await.0.unwrap().model, "small for [a secret]");
    house.fake.script().set(ChatReply::Status(400, "{}".into()));
    let other = OpenAiModel::new(OpenAiConfig { api_key: Some("".into()), ..config(&house.fake.url()) }).unwrap();
    assert!(ask(&other).await.0.unwrap_err().to_string().contains("`small`"), "no key is no secret");

    assert!(!format!("{:?}", config("http://x/v1")).contains(KEY));
    let unusable = OpenAiConfig { api_key: Some("sk\n".into()), ..config("http://127.0.0.1/v1") };
    let error = OpenAiModel::new(unusable).unwrap_err();
    assert!(matches!(&error, Error::Invalid(text) if !text.contains("sk")), "{error:?}");
}

#[tokio::test]
async fn headers_that_repeat_the_key_are_not_shown() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/v1", listener.local_addr().unwrap());
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let _ = stream.read(&mut vec![0; 64 << 10]).await.unwrap();
            let head = format!("HTTP/1.1 200 OK\r\ncontent-type: text/{KEY}\r\ncontent-length: 2\r\n\r\nhi");
            stream.write_all(head.as_bytes()).await.unwrap();
        }
    });
    let error = ask(&OpenAiModel::new(config(&url)).unwrap()).await.0.unwrap_err();
    assert!(error.to_string().contains("`text/[a secret]` and no stream"), "{error:?}");
}

#[test]
fn a_base_url_that_cannot_be_one_is_refused_before_anything_is_sent() {
    for url in [
        "",
        "localhost:11434",
        "ftp://x/v1",
        "http://",
        "http://user:hunter2@x/v1",
        "http://user:hunter2@x:99999/v1",
        "ftp://user:hunter2@x/v1",
        "//user:hunter2@x/v1",
        "https://x/v1?key=hunter2",
        "http://x/#hunter2",
    ] {
        let error = OpenAiModel::new(config(url)).unwrap_err();
        assert!(matches!(&error, Error::Invalid(text) if !text.contains("hunter2")), "{url}: {error:?}");
    }
    for url in ["http://127.0.0.1:11434/v1", "https://api.openai.com/v1/", "http://[::1]:8000"] {
        OpenAiModel::new(config(url)).unwrap();
    }
}
