//! A server that breaks off, lies, repeats itself, sends much and never ends.

use std::{
    convert::Infallible,
    time::{Duration, Instant},
};

use axum::{
    body::{Body, Bytes},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use enginehouse_capabilities::{Error, ToolServers};
use enginehouse_protocols::mcp::{McpAuth, McpVersion};
use futures::{StreamExt, stream};
use serde_json::{Value, json};

use crate::{
    call, call_within,
    fake::{Asked, Fake, answer, body, error, tool},
    servers,
};

/// What a call comes to where the server answers it so; it is sent once, whatever comes.
async fn answered(with: impl Fn(&Asked) -> Response + Clone + Send + Sync + 'static) -> Error {
    let fake = Fake::start(move |_, asked| (asked.method == "tools/call").then(|| with(asked))).await;
    let servers = servers(&fake.url, McpAuth::None, None);
    let error = call_within(&servers, "do", "{}", Duration::from_secs(3)).await.unwrap_err();
    assert_eq!(fake.calls(), 1, "a call is sent once: {error}");
    error
}

fn cut(kind: &str) -> Response {
    let pieces = [Ok(Bytes::from_static(b"{\"jsonrpc\": \"2.0\", ")), Err(std::io::Error::other("cut"))];
    body(
        kind,
        Body::from_stream(stream::iter(pieces).then(|piece| async {
            tokio::time::sleep(Duration::from_millis(50)).await;
            piece
        })),
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_breaks_leaves_open_whether_the_tool_ran() {
    for kind in ["application/json", "text/event-stream"] {
        match answered(move |_| cut(kind)).await {
            Error::Unavailable(text) => assert!(text.contains("may have run"), "{text}"),
            other => panic!("{kind}: {other:?}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_cannot_be_reached_ran_nothing() {
    let servers = servers("http://127.0.0.1:1/mcp", McpAuth::None, None);
    match call(&servers, "do", "{}").await.unwrap_err() {
        Error::Unavailable(text) => assert!(text.contains("nothing was sent"), "{text}"),
        other => panic!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn statuses_have_their_meanings() {
    for status in [401, 403] {
        let error = answered(move |_| StatusCode::from_u16(status).unwrap().into_response()).await;
        assert!(matches!(&error, Error::Denied(text) if text.contains("`tools.servers.trial.auth`")), "{error}");
    }
    for status in [500, 502, 503] {
        let error = answered(move |_| StatusCode::from_u16(status).unwrap().into_response()).await;
        assert!(matches!(&error, Error::Unavailable(text) if text.contains("may have run")), "{error}");
    }
    let error = answered(|_| StatusCode::TOO_MANY_REQUESTS.into_response()).await;
    assert!(matches!(&error, Error::Unavailable(text) if text.contains("did nothing")), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn errors_of_the_protocol_have_their_meanings() {
    let of = |code| answered(move |asked| error(asked, code, "so it is"));
    assert!(matches!(of(-32601).await, Error::NotFound(_)));
    assert!(matches!(of(-32602).await, Error::Invalid(_)));
    assert!(matches!(of(-32603).await, Error::Other { message, .. } if message.contains("so it is")));
    assert!(matches!(of(-1).await, Error::Other { .. }));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tool_that_is_not_offered_is_not_found_whatever_the_server_calls_it() {
    let fake = Fake::start(|_, asked| match asked.method.as_str() {
        "tools/call" if asked.body["params"]["name"] == "odd" => Some(error(asked, -32602, "Unknown tool: odd")),
        "tools/call" => Some(answer(asked, json!({"content": [], "isError": true}))),
        _ => None,
    });
    let servers = servers(&fake.await.url, McpAuth::None, None);
    for name in ["odd", "even"] {
        let error = call(&servers, name, "{}").await.unwrap_err();
        assert!(matches!(error, Error::NotFound(_)), "{error}");
    }
    assert!(call(&servers, "do", "{}").await.unwrap().is_error, "a tool that is there failed by itself");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_the_protocol_is_told_at_once() {
    let malformed = answered(|_| body("application/json", "{\"jsonrpc\": ")).await;
    assert!(malformed.to_string().contains("may have run"), "{malformed}");
    let page = answered(|_| body("text/html", "<html>")).await;
    assert!(page.to_string().contains("not MCP"), "{page}");
    let other =
        answered(|_| body("application/json", r#"{"jsonrpc": "2.0", "id": 999, "result": {"content": []}}"#)).await;
    assert!(other.to_string().contains("what was not asked"), "{other}");
    let garbage = answered(|_| body("text/event-stream", "data: {nothing}\n\n")).await;
    assert!(matches!(garbage, Error::Unavailable(_)), "{garbage}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_never_ends_is_given_up() {
    let endless = answered(|_| {
        let event = Bytes::from_static(
            b"data: {\"jsonrpc\": \"2.0\", \"method\": \"notifications/message\", \"params\": {\"level\": \"info\", \"data\": 1}}\n\n",
        );
        let events = stream::repeat(event).then(|event| async move {
            tokio::time::sleep(Duration::from_millis(5)).await;
            Ok::<_, Infallible>(event)
        });
        body("text/event-stream", Body::from_stream(events))
    });
    let endless = endless.await;
    assert!(matches!(&endless, Error::TimedOut(text) if text.contains("may have run")), "{endless}");
    let silent =
        answered(|_| body("text/event-stream", Body::from_stream(stream::pending::<Result<Bytes, Infallible>>())));
    assert!(matches!(silent.await, Error::TimedOut(_)));
    let accepted = answered(|_| StatusCode::ACCEPTED.into_response()).await;
    assert!(matches!(accepted, Error::TimedOut(_)), "{accepted}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_without_bounds_is_cut_off() {
    for kind in ["application/json", "text/event-stream"] {
        let error = answered(move |_| {
            let piece = Bytes::from(vec![b'x'; 1 << 20]);
            let start = stream::iter([Ok::<_, Infallible>(Bytes::from_static(b"data: "))]);
            body(kind, Body::from_stream(start.chain(stream::repeat_with(move || Ok(piece.clone())))))
        });
        let text = error.await.to_string();
        assert!(text.contains("more than") || text.contains("too large"), "{kind}: {text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_is_gone_is_made_anew_and_the_call_sent_again_once() {
    let fake = Fake::start(|fake, asked| {
        let first = asked.method == "tools/call" && fake.calls() == 2;
        first.then(|| StatusCode::NOT_FOUND.into_response())
    })
    .await;
    let servers = servers(&fake.url, McpAuth::None, Some(McpVersion::V20251125));
    call(&servers, "do", "{}").await.unwrap();
    assert_eq!(fake.asked("initialize").len(), 1, "a connection is kept");
    call(&servers, "do", "{}").await.unwrap();
    assert_eq!((fake.asked("initialize").len(), fake.calls()), (2, 3));
    call(&servers, "do", "{}").await.unwrap();
    assert_eq!((fake.asked("initialize").len(), fake.calls()), (2, 4));

    let always =
        Fake::start(|_, asked| (asked.method == "tools/call").then(|| StatusCode::NOT_FOUND.into_response())).await;
    let servers = crate::servers(&always.url, McpAuth::None, None);
    let error = call(&servers, "do", "{}").await.unwrap_err();
    assert!(matches!(&error, Error::Unavailable(text) if text.contains("handled nothing")), "{error}");
    assert_eq!(always.calls(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn all_pages_are_read_and_a_list_that_repeats_itself_ends() {
    let fake = Fake::start(|_, asked| {
        (asked.method == "tools/list").then(|| match asked.body["params"]["cursor"].as_str() {
            None => answer(asked, json!({"tools": [tool("one")], "nextCursor": "2"})),
            Some("2") => answer(asked, json!({"tools": [tool("two")], "nextCursor": ""})),
            Some(_) => answer(asked, json!({"tools": [tool("three")]})),
        })
    })
    .await;
    let tools = servers(&fake.url, McpAuth::None, None).list("trial").await.unwrap();
    assert_eq!(tools.iter().map(|tool| tool.name.as_str()).collect::<Vec<_>>(), ["one", "two", "three"]);

    for (circle, asked) in [(&["again"][..], 2), (&["a", "b", "c"], 4)] {
        let round = Fake::start(move |fake, asked| {
            let next = circle[(fake.asked("tools/list").len().max(1) - 1) % circle.len()];
            let page = json!({"tools": [tool("one")], "nextCursor": next});
            (asked.method == "tools/list").then(|| answer(asked, page))
        })
        .await;
        let error = servers(&round.url, McpAuth::None, None).list("trial").await.unwrap_err();
        assert!(
            matches!(&error, Error::Unavailable(text) if text.contains("twice") && text.contains("`trial`")),
            "{error}"
        );
        assert_eq!(round.asked("tools/list").len(), asked);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_has_bounds_over_all_its_pages() {
    type Page = fn(usize) -> Value;
    let cases: [(Page, &str, usize); 6] = [
        (|n| page(1 << 20, Some(n.to_string())), "8 MiB", 8),
        (|_| page(9 << 20, None), "8 MiB", 1),
        (|n| page(0, Some(n.to_string() + &"x".repeat(3 << 20))), "8 MiB", 3),
        (|n| many(4000, Some(n.to_string())), "10000 tools", 3),
        (|_| many(10_001, None), "10000 tools", 1),
        (|n| json!({"tools": [], "nextCursor": n.to_string()}), "1000 pages", 1001),
    ];
    for (page, limit, pages) in cases {
        let fake = Fake::start(move |fake, asked| {
            let page = || answer(asked, page(fake.asked("tools/list").len()));
            (asked.method == "tools/list").then(page)
        })
        .await;
        let error = servers(&fake.url, McpAuth::None, Some(McpVersion::V20251125)).list("trial").await.unwrap_err();
        assert!(
            matches!(&error, Error::QuotaExceeded(text) if text.contains(limit) && text.contains("`trial`")),
            "{limit}: {error}"
        );
        assert_eq!(fake.asked("tools/list").len(), pages, "{limit}");
    }
    let fits = Fake::start(|_, asked| (asked.method == "tools/list").then(|| answer(asked, many(10_000, None)))).await;
    assert_eq!(servers(&fits.url, McpAuth::None, None).list("trial").await.unwrap().len(), 10_000);
}

/// One tool with so long a description.
fn page(bytes: usize, next: Option<String>) -> Value {
    let tool = json!({"name": "t", "description": "x".repeat(bytes), "inputSchema": {"type": "object"}});
    json!({"tools": [tool], "nextCursor": next})
}

fn many(tools: usize, next: Option<String>) -> Value {
    let tools: Vec<Value> = (0..tools).map(|n| tool(&n.to_string())).collect();
    json!({"tools": tools, "nextCursor": next})
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_tool_says_of_its_failure_is_not_lost_where_the_list_hangs() {
    let fake = Fake::start(|_, asked| match asked.method.as_str() {
        "tools/call" if asked.body["params"]["name"] == "odd" => Some(error(asked, -32602, "no such argument")),
        "tools/call" => {
            Some(answer(asked, json!({"content": [{"type": "text", "text": "no such city"}], "isError": true})))
        }
        "tools/list" => {
            let silence = stream::pending::<Result<Bytes, Infallible>>();
            Some(body("text/event-stream", Body::from_stream(silence)))
        }
        _ => None,
    })
    .await;
    let servers = servers(&fake.url, McpAuth::None, Some(McpVersion::V20251125));
    for (patience, most) in [(1, 4), (600, 30)] {
        let begun = Instant::now();
        let patience = Duration::from_secs(patience);
        let (reply, error) =
            tokio::join!(call_within(&servers, "do", "{}", patience), call_within(&servers, "odd", "{}", patience));
        let reply = reply.unwrap();
        assert!(reply.is_error && reply.content.contains("no such city"), "{reply:?}");
        let error = error.unwrap_err();
        assert!(matches!(&error, Error::Invalid(text) if text.contains("no such argument")), "{error}");
        assert!(begun.elapsed() < Duration::from_secs(most), "{:?}", begun.elapsed());
    }
    assert_eq!(fake.calls(), 4, "each is sent once");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redirect_takes_no_credentials_elsewhere() {
    let elsewhere = Fake::start(|_, _| None).await;
    for status in [302, 307, 308] {
        let place = elsewhere.url.clone();
        let fake = Fake::start(move |_, _| {
            Some((StatusCode::from_u16(status).unwrap(), [("location", place.clone())]).into_response())
        })
        .await;
        let servers = servers(&fake.url, McpAuth::Bearer("secret".into()), Some(McpVersion::V20250618));
        let error = call(&servers, "do", "{}").await.unwrap_err();
        assert!(matches!(&error, Error::Unconfigured(text) if text.contains("`tools.servers.trial.url`")), "{error}");
        assert!(!error.to_string().contains("secret"));
    }
    assert!(elsewhere.asked("initialize").is_empty(), "nobody else was asked");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_server_asks_of_its_client_is_refused() {
    let fake = Fake::start(|_, asked| {
        (asked.method == "tools/call").then(|| {
            let wish = |id: &str, method: &str| json!({"jsonrpc": "2.0", "id": id, "method": method, "params": {}});
            let done = json!({"jsonrpc": "2.0", "id": asked.body["id"], "result": {"content": []}});
            let events = [wish("p", "ping"), wish("r", "roots/list"), wish("x", "made/up"), done];
            let pieces = events.map(|event| Ok::<_, Infallible>(format!("data: {event}\n\n")));
            let pieces = stream::iter(pieces).then(|piece| async {
                tokio::time::sleep(Duration::from_millis(100)).await;
                piece
            });
            body("text/event-stream", Body::from_stream(pieces))
        })
    })
    .await;
    let servers = servers(&fake.url, McpAuth::None, Some(McpVersion::V20250618));
    assert_eq!(call(&servers, "do", "{}").await.unwrap().content, "null");
    tokio::time::sleep(Duration::from_millis(300)).await;
    let told = |id: &str| fake.asked("POST").into_iter().find(|asked| asked.body["id"] == id).map(|asked| asked.body);
    assert!(told("p").unwrap()["result"].is_object(), "a server may ask whether anybody is there");
    for wish in ["r", "x"] {
        assert_eq!(told(wish).unwrap()["error"]["code"], -32601);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_sessions_each_request_says_it_all() {
    let fake = Fake::start(|_, asked| {
        (asked.method == "server/discover").then(|| {
            answer(
                asked,
                json!({"supportedVersions": ["2026-07-28"], "capabilities": {"tools": {}}, "resultType": "complete", "ttlMs": 0, "cacheScope": "private"}),
            )
        })
    })
    .await;
    let servers = servers(&fake.url, McpAuth::None, None);
    call(&servers, "do", "{}").await.unwrap();
    assert!(fake.asked("initialize").is_empty() && fake.asked("GET").is_empty());
    let call = &fake.asked("tools/call")[0];
    let header = |name: &str| call.headers.get(name).map(|value| value.to_str().unwrap().to_owned());
    assert_eq!(header("mcp-protocol-version").as_deref(), Some("2026-07-28"));
    assert_eq!((header("mcp-method").as_deref(), header("mcp-name").as_deref()), (Some("tools/call"), Some("do")));
    assert_eq!(header("mcp-session-id"), None);
    assert_eq!(call.body["params"]["_meta"]["io.modelcontextprotocol/protocolVersion"], "2026-07-28");
}
