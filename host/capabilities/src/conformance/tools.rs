//! What every way to servers of tools promises.

use std::time::{Duration, Instant};

use crate::{CallContext, Error, ToolServers};

const PATIENCE: Duration = Duration::from_secs(20);

/// Checks every promise of [`ToolServers`] with `server`, which offers three tools: `add`, the sum of its integers `a` and `b`;
/// `fail`, which fails with its string `text`; and `slow`, which answers after as many `seconds`. `missing` is the name of no server.
pub async fn tools(servers: &dyn ToolServers, server: &str, missing: &str) {
    lists(servers, server).await;
    calls(servers, server).await;
    tells_what_cannot_be(servers, server, missing).await;
    has_no_more_patience_than_it_was_given(servers, server).await;
}

async fn lists(servers: &dyn ToolServers, server: &str) {
    let tools = servers.list(server).await.unwrap();
    for name in ["add", "fail", "slow"] {
        let tool = tools.iter().find(|tool| tool.name == name);
        let tool = tool.unwrap_or_else(|| panic!("`{name}` is offered"));
        assert!(tool.input_schema.starts_with('{'), "the schema of `{name}` is a JSON object: {}", tool.input_schema);
    }
    let add = tools.iter().find(|tool| tool.name == "add").unwrap();
    assert!(!add.description.is_empty(), "a description comes along");
    assert_eq!(servers.list(server).await.unwrap(), tools, "a list is the same the next time");
}

async fn calls(servers: &dyn ToolServers, server: &str) {
    for (a, b) in [(40, 2), (-7, 3)] {
        let reply = call(servers, server, "add", &format!(r#"{{"a": {a}, "b": {b}}}"#)).await.unwrap();
        assert!(!reply.is_error, "{reply:?}");
        assert!(reply.content.contains(&(a + b).to_string()), "the answer is there: {}", reply.content);
    }
    let reply = call(servers, server, "fail", r#"{"text": "no such city"}"#).await.unwrap();
    assert!(reply.is_error, "a tool that fails has answered");
    assert!(reply.content.contains("no such city"), "and says why: {}", reply.content);
    let (one, two) = futures::join!(
        call(servers, server, "slow", r#"{"seconds": 0.2}"#),
        call(servers, server, "add", r#"{"a": 20, "b": 3}"#)
    );
    assert!(!one.unwrap().is_error && two.unwrap().content.contains("23"), "calls at once get their own answers");
}

async fn tells_what_cannot_be(servers: &dyn ToolServers, server: &str, missing: &str) {
    match servers.list(missing).await {
        Err(Error::Unconfigured(text)) => assert!(text.contains(server), "the servers there are: {text}"),
        other => panic!("a server that is not set up: {other:?}"),
    }
    let unknown = call(servers, missing, "add", "{}").await;
    assert!(matches!(unknown, Err(Error::Unconfigured(_))), "{unknown:?}");
    let unknown = call(servers, server, "no_such_tool", "{}").await;
    assert!(matches!(unknown, Err(Error::NotFound(_))), "a tool that is not offered: {unknown:?}");
    for arguments in ["", "[1]", "1", "{"] {
        let invalid = call(servers, server, "add", arguments).await;
        assert!(matches!(invalid, Err(Error::Invalid(_))), "arguments that are no object: {invalid:?}");
    }
}

async fn has_no_more_patience_than_it_was_given(servers: &dyn ToolServers, server: &str) {
    let begun = Instant::now();
    let patience = Duration::from_millis(700);
    match servers.call(&nobody(), server, "slow", r#"{"seconds": 10}"#, patience).await {
        Err(Error::TimedOut(text)) => assert!(text.contains("may have run"), "{text}"),
        other => panic!("a tool that takes longer: {other:?}"),
    }
    assert!(begun.elapsed() < Duration::from_secs(5), "patience is kept");
    let reply = call(servers, server, "add", r#"{"a": 1, "b": 4}"#).await.unwrap();
    assert!(reply.content.contains('5'), "and the server can be called after it");
}

async fn call(servers: &dyn ToolServers, server: &str, tool: &str, arguments: &str) -> crate::Result<crate::ToolReply> {
    servers.call(&nobody(), server, tool, arguments, PATIENCE).await
}

fn nobody() -> CallContext {
    CallContext { framework: "suite".to_owned(), digest: String::new(), run: None, attempt: None }
}
