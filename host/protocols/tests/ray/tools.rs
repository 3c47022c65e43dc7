//! The six tools, within this process and over MCP: the same answers.

use std::time::Duration;

use axum::{Router, response::IntoResponse};
use enginehouse_capabilities::{
    AttemptScope, CallContext, Error, Result, Token, ToolReply, ToolServers,
    conformance::{self, ToolTrial},
};
use enginehouse_protocols::{
    mcp::{McpAuth, McpServer, McpServers, McpVersion},
    ray::{RayTools, serve},
};
use serde_json::{Value, json};

use crate::{
    cluster,
    fake::{Fake, told},
    jobs,
};

/// A cluster that answers one question only after ten seconds.
async fn fake() -> Fake {
    let fake = Fake::start(|asked| {
        asked.is("GET", "/api/jobs/slow").then(|| {
            let late = async {
                tokio::time::sleep(Duration::from_secs(7)).await;
                Ok::<_, std::convert::Infallible>("late")
            };
            axum::body::Body::from_stream(futures::stream::once(late)).into_response()
        })
    })
    .await;
    fake.job("done", told("SUCCEEDED"));
    fake
}

const TRIAL: ToolTrial<'static> = ToolTrial {
    works: [("cluster_status", "{}", "2.60.0"), ("job_status", r#"{"submission_id": "done"}"#, "SUCCEEDED")],
    fails: ("job_status", r#"{"submission_id": "absent"}"#, "not-found"),
    slow: ("job_status", r#"{"submission_id": "slow"}"#),
};

async fn over_mcp(fake: &Fake, version: Option<McpVersion>) -> McpServers {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/mcp", listener.local_addr().unwrap());
    let router = Router::new().nest_service("/mcp", serve(jobs(&fake.url), true));
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    McpServers::new([("trial".to_owned(), McpServer { url, auth: McpAuth::None, version })].into()).unwrap()
}

fn in_process(fake: &Fake) -> RayTools {
    RayTools::new([("trial".to_owned(), cluster(&[&fake.url]))].into()).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cluster_keeps_the_promises_of_every_server_of_tools() {
    let fake = fake().await;
    conformance::tools_by(&in_process(&fake), "trial", "absent", &TRIAL).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn so_does_the_gateway_in_each_version_of_the_protocol() {
    let fake = fake().await;
    for version in McpVersion::ALL.map(Some).into_iter().chain([None]) {
        conformance::tools_by(&over_mcp(&fake, version).await, "trial", "absent", &TRIAL).await;
    }
}

async fn call(servers: &dyn ToolServers, cx: &CallContext, tool: &str, arguments: Value) -> Result<ToolReply> {
    servers.call(cx, "trial", tool, &arguments.to_string(), Duration::from_secs(10)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn both_ways_tell_the_same_story() {
    let mut stories = Vec::new();
    for mcp in [false, true] {
        let fake = fake().await;
        let servers: Box<dyn ToolServers> =
            if mcp { Box::new(over_mcp(&fake, None).await) } else { Box::new(in_process(&fake)) };
        let nobody = CallContext { framework: "trial".to_owned(), digest: String::new(), run: None, attempt: None };
        let mut story: Vec<Value> = Vec::new();
        for (tool, arguments) in [
            ("submit_job", json!({"submission_id": "a", "code": "print(1)", "output_path": "s3://b/o/"})),
            ("submit_job", json!({"submission_id": "a", "code": "print(1)"})),
            ("job_status", json!({"submission_id": "a"})),
            ("job_logs", json!({"submission_id": "a"})),
            ("job_logs", json!({"submission_id": "a", "after": 4})),
            ("job_logs", json!({"submission_id": "a", "after": -4})),
            ("job_logs", json!({"submission_id": "done", "after": 0})),
            ("stop_job", json!({"submission_id": "a"})),
            ("stop_job", json!({"submission_id": "absent"})),
            ("submit_job", json!({"submission_id": "b"})),
            ("submit_job", json!({"submission_id": "b", "code": 7})),
            ("list_jobs", json!({})),
        ] {
            let reply = call(&*servers, &nobody, tool, arguments).await.unwrap();
            story.push(json!([tool, reply.is_error, serde_json::from_str::<Value>(&reply.content).unwrap()]));
        }
        let mut tools = servers.list("trial").await.unwrap();
        tools.sort_by(|a, b| a.name.cmp(&b.name));
        assert_eq!(tools.len(), 6);
        for tool in tools {
            let schema: Value = serde_json::from_str(&tool.input_schema).unwrap();
            story.push(json!([tool.name, tool.description, schema]));
        }
        stories.push(story);
    }
    assert_eq!(stories[0], stories[1]);
    assert_eq!(stories[0][4][2], json!({"text": "two\n", "next": 8, "dropped": 0, "end": false}));
    assert_eq!(stories[0][6][2]["end"], true);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_touches_its_own_job_and_its_own_output() {
    let fake = fake().await;
    let servers = in_process(&fake);
    let run = uuid();
    let attempt = AttemptScope {
        token: run.clone(),
        inputs: Vec::new(),
        output: "s3://bucket/mine/".parse().unwrap(),
        scratch: "s3://bucket/scratch/".parse().unwrap(),
        target: "trial".to_owned(),
        timeout: Duration::from_secs(60),
    };
    let cx = CallContext { framework: "ray".to_owned(), digest: String::new(), run: None, attempt: Some(attempt) };
    let id = run.as_str();
    let mine = json!({"submission_id": id, "code": "", "output_path": "s3://bucket/mine/"});
    assert!(!call(&servers, &cx, "submit_job", mine).await.unwrap().is_error);
    for (tool, arguments) in [
        ("job_status", json!({"submission_id": "done"})),
        ("stop_job", json!({"submission_id": "r00000000000000000000000000000001-1"})),
        ("submit_job", json!({"submission_id": id, "code": "", "output_path": "s3://bucket/theirs/"})),
        ("list_jobs", json!({})),
    ] {
        let denied = call(&servers, &cx, tool, arguments).await;
        assert!(matches!(denied, Err(Error::Denied(_) | Error::Invalid(_))), "{tool}: {denied:?}");
    }
    assert!(!call(&servers, &cx, "cluster_status", json!({})).await.unwrap().is_error);
}

fn uuid() -> Token {
    "r00000000000000000000000000000007-1".parse().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cluster_that_is_down_offers_nothing_and_says_so() {
    let gone = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let servers = RayTools::new([("trial".to_owned(), cluster(&[&format!("http://{gone}")]))].into()).unwrap();
    assert!(matches!(servers.list("trial").await, Err(Error::Unavailable(_))));
    let nobody = CallContext { framework: "trial".to_owned(), digest: String::new(), run: None, attempt: None };
    let reply = call(&servers, &nobody, "job_status", json!({"submission_id": "a"})).await.unwrap();
    assert!(reply.is_error && reply.content.contains("\"unavailable\""), "{reply:?}");
}
