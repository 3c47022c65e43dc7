//! What every way to servers of tools promises.

use std::time::{Duration, Instant};

use crate::{CallContext, Error, ToolServers};

const PATIENCE: Duration = Duration::from_secs(20);

/// What to call at a server, to see whether it keeps its promises: tools, each with its arguments.
#[derive(Debug, Clone, Copy)]
pub struct ToolTrial<'a> {
    /// Calls that succeed, with a part of what they answer.
    pub works: [(&'a str, &'a str, &'a str); 2],
    /// A call that fails, with a part of why.
    pub fails: (&'a str, &'a str, &'a str),
    /// A call that takes more than five seconds.
    pub slow: (&'a str, &'a str),
}

/// Checks every promise of [`ToolServers`] with `server`, which offers three tools: `add`, the sum of its integers `a` and `b`;
/// `fail`, which fails with its string `text`; and `slow`, which answers after as many `seconds`. `missing` is the name of no server.
pub async fn tools(servers: &dyn ToolServers, server: &str, missing: &str) {
    let trial = ToolTrial {
        works: [("add", r#"{"a": 40, "b": 2}"#, "42"), ("add", r#"{"a": -7, "b": 3}"#, "-4")],
        fails: ("fail", r#"{"text": "no such city"}"#, "no such city"),
        slow: ("slow", r#"{"seconds": 10}"#),
    };
    tools_by(servers, server, missing, &trial).await;
}

/// The same with the tools that `server` has.
pub async fn tools_by(servers: &dyn ToolServers, server: &str, missing: &str, trial: &ToolTrial<'_>) {
    lists(servers, server, trial).await;
    calls(servers, server, trial).await;
    tells_what_cannot_be(servers, server, missing, trial).await;
    has_no_more_patience_than_it_was_given(servers, server, trial).await;
}

async fn lists(servers: &dyn ToolServers, server: &str, trial: &ToolTrial<'_>) {
    let tools = servers.list(server).await.unwrap();
    for name in [trial.works[0].0, trial.works[1].0, trial.fails.0, trial.slow.0] {
        let tool = tools.iter().find(|tool| tool.name == name);
        let tool = tool.unwrap_or_else(|| panic!("`{name}` is offered"));
        assert!(tool.input_schema.starts_with('{'), "the schema of `{name}` is a JSON object: {}", tool.input_schema);
        assert!(!tool.description.is_empty(), "a description comes along");
    }
    assert_eq!(servers.list(server).await.unwrap(), tools, "a list is the same the next time");
}

async fn calls(servers: &dyn ToolServers, server: &str, trial: &ToolTrial<'_>) {
    let [one, two] = trial.works;
    let (first, second) = futures::join!(call(servers, server, one.0, one.1), call(servers, server, two.0, two.1));
    for (reply, expected) in [(first, one.2), (second, two.2)] {
        let reply = reply.unwrap();
        assert!(!reply.is_error, "{reply:?}");
        assert!(reply.content.contains(expected), "calls at once get their own answers: {}", reply.content);
    }
    let (tool, arguments, reason) = trial.fails;
    let reply = call(servers, server, tool, arguments).await.unwrap();
    assert!(reply.is_error, "a tool that fails has answered");
    assert!(reply.content.contains(reason), "and says why: {}", reply.content);
}

async fn tells_what_cannot_be(servers: &dyn ToolServers, server: &str, missing: &str, trial: &ToolTrial<'_>) {
    let tool = trial.works[0].0;
    match servers.list(missing).await {
        Err(Error::Unconfigured(text)) => assert!(text.contains(server), "the servers there are: {text}"),
        other => panic!("a server that is not set up: {other:?}"),
    }
    let unknown = call(servers, missing, tool, "{}").await;
    assert!(matches!(unknown, Err(Error::Unconfigured(_))), "{unknown:?}");
    let unknown = call(servers, server, "no_such_tool", "{}").await;
    assert!(matches!(unknown, Err(Error::NotFound(_))), "a tool that is not offered: {unknown:?}");
    for arguments in ["", "[1]", "1", "{"] {
        let invalid = call(servers, server, tool, arguments).await;
        assert!(matches!(invalid, Err(Error::Invalid(_))), "arguments that are no object: {invalid:?}");
    }
}

async fn has_no_more_patience_than_it_was_given(servers: &dyn ToolServers, server: &str, trial: &ToolTrial<'_>) {
    let (slow, arguments) = trial.slow;
    let begun = Instant::now();
    let patience = Duration::from_millis(700);
    match servers.call(&nobody(), server, slow, arguments, patience).await {
        Err(Error::TimedOut(text)) => assert!(text.contains("may have run"), "{text}"),
        other => panic!("a tool that takes longer: {other:?}"),
    }
    assert!(begun.elapsed() < Duration::from_secs(5), "patience is kept");
    let (tool, arguments, expected) = trial.works[0];
    let reply = call(servers, server, tool, arguments).await.unwrap();
    assert!(reply.content.contains(expected), "and the server can be called after it");
}

async fn call(servers: &dyn ToolServers, server: &str, tool: &str, arguments: &str) -> crate::Result<crate::ToolReply> {
    servers.call(&nobody(), server, tool, arguments, PATIENCE).await
}

fn nobody() -> CallContext {
    CallContext { framework: "suite".to_owned(), digest: String::new(), run: None, attempt: None }
}
