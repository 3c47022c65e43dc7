//! The model check catches what a service would refuse, and lets pass what it would take: else a green adapter says nothing.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails loudly"
)]

use std::sync::LazyLock;

use axum::http::{HeaderMap, HeaderName, Uri};
use bytes::Bytes;
use enginehouse_fakes::{
    aws::{Answer, Call, FakeAws, Fault, Service},
    model::{Request, ServiceModel},
};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

static GLUE: LazyLock<ServiceModel> = LazyLock::new(|| ServiceModel::load("glue"));
static EMR: LazyLock<ServiceModel> = LazyLock::new(|| ServiceModel::load("emr-serverless"));
static LAMBDA: LazyLock<ServiceModel> = LazyLock::new(|| ServiceModel::load("lambda"));
static AGENTS: LazyLock<ServiceModel> = LazyLock::new(|| ServiceModel::load("bedrock-agentcore"));
static S3: LazyLock<ServiceModel> = LazyLock::new(|| ServiceModel::load("s3"));

fn read(model: &ServiceModel, method: &str, uri: &str, headers: &[(&str, &str)], body: &str) -> Request {
    let headers: HeaderMap =
        headers.iter().map(|(name, value)| (name.parse::<HeaderName>().unwrap(), value.parse().unwrap())).collect();
    let body = Bytes::copy_from_slice(body.as_bytes());
    model.read(&method.parse().unwrap(), &uri.parse::<Uri>().unwrap(), &headers, &body)
}

fn glue(operation: &str, input: Value) -> Request {
    let target = format!("AWSGlue.{operation}");
    let headers = [("x-amz-target", target.as_str()), ("content-type", "application/x-amz-json-1.1")];
    read(&GLUE, "POST", "/", &headers, &input.to_string())
}

fn start_job_run(input: Value) -> Request {
    let headers = [("content-type", "application/json")];
    read(&EMR, "POST", "/applications/app-1/jobruns", &headers, &input.to_string())
}

fn job_run() -> Value {
    json!({
        "clientToken": "run-1",
        "executionRoleArn": "arn:aws:iam::000000000000:role/spark",
        "jobDriver": {"sparkSubmit": {"entryPoint": "s3://code/main.py", "entryPointArguments": ["a"]}},
        "executionTimeoutMinutes": 60,
        "mode": "BATCH",
    })
}

const ARN: &str = "arn%3Aaws%3Abedrock-agentcore%3Aeu-west-1%3A000000000000%3Aruntime%2Fagent-1";
const SESSION: &str = "x-amzn-bedrock-agentcore-runtime-session-id";

#[track_caller]
fn passes(request: &Request, operation: &str) {
    assert_eq!((request.operation.as_str(), request.wrong.as_slice()), (operation, &[] as &[String]));
}

/// One thing is wrong, and it is told in these words.
#[track_caller]
fn caught(request: &Request, words: &[&str]) {
    assert_eq!(request.wrong.len(), 1, "{:?}", request.wrong);
    assert!(words.iter().all(|word| request.wrong[0].contains(word)), "{:?} says {words:?}", request.wrong);
}

#[test]
fn a_right_json_request_passes_with_its_input() {
    let request = glue("GetTables", json!({"DatabaseName": "sales", "MaxResults": 100, "NextToken": null}));
    passes(&request, "GetTables");
    assert_eq!(request.input["DatabaseName"], "sales");
    passes(&glue("GetDatabases", json!({"AttributesToGet": ["NAME"]})), "GetDatabases");
    passes(&glue("GetTable", json!({"DatabaseName": "a", "Name": "b", "QueryAsOfTime": 1_785_000_000.5})), "GetTable");
}

#[test]
fn a_wrong_json_request_is_caught() {
    caught(&glue("GetTables", json!({"DatabaseName": "a", "Database": "a"})), &["Database", "no member"]);
    caught(&glue("GetTables", json!({"DatabaseName": 7})), &["DatabaseName", "string", "7"]);
    caught(&glue("GetTables", json!({})), &["lacks", "DatabaseName"]);
    caught(&glue("GetTables", json!({"DatabaseName": null})), &["lacks", "DatabaseName"]);
    caught(&glue("GetTables", json!({"DatabaseName": "a", "MaxResults": 101})), &["MaxResults", "101", "at most 100"]);
    caught(&glue("GetTables", json!({"DatabaseName": "a", "MaxResults": 0})), &["MaxResults", "at least 1"]);
    caught(&glue("GetTables", json!({"DatabaseName": "a", "MaxResults": "9"})), &["MaxResults", "whole number"]);
    caught(&glue("GetTables", json!({"DatabaseName": ""})), &["DatabaseName", "0 characters"]);
    caught(&glue("GetDatabases", json!({"AttributesToGet": ["NAMES"]})), &["AttributesToGet[0]", "NAMES"]);
    caught(&glue("GetDatabases", json!({"AttributesToGet": "NAME"})), &["AttributesToGet", "a list"]);
    caught(&glue("GetDatabases", json!({"ResourceShareType": "MINE"})), &["ResourceShareType", "MINE"]);
    let as_text = json!({"DatabaseName": "a", "Name": "b", "QueryAsOfTime": "2026-08-01T10:00:00Z"});
    caught(&glue("GetTable", as_text), &["QueryAsOfTime", "since 1970"]);
    caught(&glue("GetTheTables", json!({})), &["no operation"]);
    let headers = [("x-amz-target", "AWSGlue.GetDatabases"), ("content-type", "application/x-amz-json-1.1")];
    caught(&read(&GLUE, "POST", "/databases", &headers, "{}"), &["no operation"]);
    caught(&read(&GLUE, "GET", "/", &headers, "{}"), &["no operation"]);
    caught(&read(&GLUE, "POST", "/?page=2", &headers, "{}"), &["page", "does not know"]);
    caught(&read(&GLUE, "POST", "/", &headers, "[]"), &["object"]);
    let odd = [headers.as_slice(), &[("x-amz-odd", "1")]].concat();
    caught(&read(&GLUE, "POST", "/", &odd, "{}"), &["x-amz-odd"]);
    let plain = [headers[0], ("content-type", "application/json")];
    caught(&read(&GLUE, "POST", "/", &plain, "{}"), &["application/x-amz-json-1.1"]);
    assert!(!read(&GLUE, "POST", "/", &headers, "{\"NextToken\": ").wrong.is_empty());
}

#[test]
fn a_right_rest_request_passes_with_its_input() {
    let request = start_job_run(job_run());
    passes(&request, "StartJobRun");
    assert_eq!((&request.input["applicationId"], &request.input["mode"]), (&"app-1".into(), &"BATCH".into()));
    let listed = "/applications/app-1/jobruns?states=RUNNING&states=PENDING&maxResults=50&createdAtAfter=2026-08-01T10%3A00%3A00Z";
    let request = read(&EMR, "GET", listed, &[], "");
    passes(&request, "ListJobRuns");
    assert_eq!(request.input["states"], json!(["RUNNING", "PENDING"]));
    let cancelled = "/applications/app-1/jobruns/run-1?shutdownGracePeriodInSeconds=10";
    passes(&read(&EMR, "DELETE", cancelled, &[], ""), "CancelJobRun");
    let headers = [("x-amz-invocation-type", "RequestResponse"), ("x-amz-log-type", "Tail")];
    let invoked = read(&LAMBDA, "POST", "/2015-03-31/functions/spark/invocations?Qualifier=live", &headers, "no JSON");
    passes(&invoked, "Invoke");
    assert_eq!((&invoked.input["FunctionName"], &invoked.input["Qualifier"]), (&"spark".into(), &"live".into()));
    let session = "s".repeat(33);
    let asked = format!("/runtimes/{ARN}/invocations?qualifier=DEFAULT");
    let asked = read(&AGENTS, "POST", &asked, &[(SESSION, &session), ("accept", "application/json")], "{}");
    passes(&asked, "InvokeAgentRuntime");
    assert!(asked.input["agentRuntimeArn"].as_str().unwrap().ends_with("runtime/agent-1"));
}

#[test]
fn a_wrong_rest_request_is_caught() {
    let with = |member: &str, value: Value| {
        let mut input = job_run();
        input[member] = value;
        start_job_run(input)
    };
    caught(&with("timeout", json!(1)), &["timeout", "no member"]);
    caught(&with("executionTimeoutMinutes", json!("60")), &["executionTimeoutMinutes", "whole number"]);
    caught(&with("executionTimeoutMinutes", json!(1_000_001)), &["at most 1000000"]);
    caught(&with("clientToken", Value::Null), &["lacks", "clientToken"]);
    caught(&with("mode", json!("INTERACTIVE")), &["mode", "INTERACTIVE"]);
    caught(&with("retryPolicy", json!({"maxAttempts": 0})), &["retryPolicy.maxAttempts", "at least 1"]);
    caught(&with("jobDriver", json!({"sparkSubmit": {}})), &["jobDriver.sparkSubmit", "lacks", "entryPoint"]);
    caught(&with("tags", json!({"a": 1})), &["tags.a", "string"]);
    let both = json!({"sparkSubmit": {"entryPoint": "a"}, "hive": {"query": "b"}});
    caught(&with("jobDriver", both), &["one member of several"]);
    let json = [("content-type", "application/json")];
    let body = job_run().to_string();
    for uri in
        ["/application/app-1/jobruns", "/applications//jobruns", "/applications/a/jobruns/", "//applications/a/jobruns"]
    {
        caught(&read(&EMR, "POST", uri, &json, &body), &["no operation"]);
    }
    caught(&read(&EMR, "POST", "/applications/a/jobruns?dryRun=true", &json, &body), &["dryRun"]);
    let list = |query: &str| read(&EMR, "GET", &format!("/applications/a/jobruns?{query}"), &[], "");
    caught(&list("states=ASLEEP"), &["states[0]", "ASLEEP"]);
    caught(&list("maxResults=51"), &["at most 50"]);
    caught(&list("maxResults=many"), &["maxResults", "whole number"]);
    caught(&list("maxResults=1&maxResults=2"), &["maxResults", "whole number"]);
    caught(&list("createdAtAfter=1785000000"), &["createdAtAfter", "a time"]);

    let invoke = |query: &str, headers: &[(&str, &str)]| {
        read(&LAMBDA, "POST", &format!("/2015-03-31/functions/spark/invocations{query}"), headers, "{}")
    };
    caught(&invoke("", &[("x-amz-invocation-type", "Later")]), &["X-Amz-Invocation-Type", "Later"]);
    caught(&invoke("", &[("x-amz-invocation-kind", "Event")]), &["x-amz-invocation-kind"]);
    caught(&invoke("?qualifier=live", &[]), &["qualifier"]);

    let asked = format!("/runtimes/{ARN}/invocations");
    let asked = |headers: &[(&str, &str)], body: &str| read(&AGENTS, "POST", &asked, headers, body);
    caught(&asked(&[(SESSION, "short")], "{}"), &["5 characters", "at least 33"]);
    caught(&asked(&[], ""), &["lacks", "payload"]);
    let unescaped = "/runtimes/arn:aws:bedrock-agentcore:eu-west-1:000000000000:runtime/agent-1/invocations";
    caught(&read(&AGENTS, "POST", unescaped, &[], "{}"), &["no operation"]);
}

#[test]
fn a_right_xml_request_passes_as_the_operation_that_is_meant() {
    for (method, uri, headers, operation) in [
        ("GET", "/raw?list-type=2&prefix=a%2F&max-keys=1000", &[] as &[_], "ListObjectsV2"),
        ("GET", "/raw/?list-type=2", &[], "ListObjectsV2"),
        ("GET", "/raw?prefix=a", &[], "ListObjects"),
        ("GET", "/raw/a/b.csv?x-id=GetObject", &[("range", "bytes=0-9")], "GetObject"),
        ("HEAD", "/raw/a/", &[], "HeadObject"),
        ("PUT", "/raw/a", &[("if-none-match", "*")], "PutObject"),
        ("PUT", "/raw/a", &[("x-amz-meta-who", "me")], "PutObject"),
        ("PUT", "/raw/a", &[("x-amz-copy-source", "raw/b")], "CopyObject"),
        ("PUT", "/raw/a?partNumber=1&uploadId=x", &[], "UploadPart"),
        ("POST", "/raw/a?uploads", &[], "CreateMultipartUpload"),
        ("POST", "/raw/a?uploadId=x", &[("if-none-match", "*")], "CompleteMultipartUpload"),
        ("DELETE", "/raw/a?uploadId=x", &[], "AbortMultipartUpload"),
        ("DELETE", "/raw/a", &[], "DeleteObject"),
        ("PUT", "/raw", &[], "CreateBucket"),
    ] {
        passes(&read(&S3, method, uri, headers, ""), operation);
    }
    let ahead = "/raw/a?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=c&X-Amz-Date=d&X-Amz-Expires=9&X-Amz-SignedHeaders=host&X-Amz-Signature=s";
    passes(&read(&S3, "GET", ahead, &[], ""), "GetObject");
    let key = read(&S3, "GET", "/raw/a%20b%2B/c+d/%25&=?x-id=GetObject", &[], "");
    assert_eq!((&key.input["Bucket"], &key.input["Key"]), (&"raw".into(), &"a b+/c+d/%&=".into()));
}

#[test]
fn a_wrong_xml_request_is_caught() {
    let get = |uri: &str, headers: &[(&str, &str)]| read(&S3, "GET", uri, headers, "");
    caught(&get("/raw?list-type=2&maxkeys=9", &[]), &["maxkeys"]);
    caught(&get("/raw?list-type=2&max-keys=all", &[]), &["max-keys", "whole number"]);
    caught(&get("/raw?list-type=2&encoding-type=uri", &[]), &["encoding-type", "uri"]);
    caught(&get("/raw/a", &[("x-amz-acl", "private")]), &["x-amz-acl"]);
    caught(&get("/raw/a?x-id=HeadObject", &[]), &["x-id"]);
    caught(&get("/raw/a?X-Amz-Expires=9", &[]), &["X-Amz-Expires"]);
    caught(&read(&S3, "PUT", "/raw/a?uploadId=x&x-id=UploadPart", &[], ""), &["lacks", "PartNumber"]);
    caught(&read(&S3, "PUT", "/raw/a?partNumber=one&uploadId=x", &[], ""), &["partNumber", "whole number"]);
    caught(&read(&S3, "PUT", "/raw/a", &[("x-amz-acl", "public")], ""), &["x-amz-acl", "public"]);
    caught(&read(&S3, "PUT", "/raw/a?partNumber=1&uploadId=x", &[("if-none-match", "*")], ""), &["if-none-match"]);
    caught(&read(&S3, "PATCH", "/raw/a", &[], ""), &["no operation"]);
}

/// Says what it is told to say.
struct Says(fn() -> Answer);

#[async_trait::async_trait]
impl Service for Says {
    fn name(&self) -> &'static str {
        "glue"
    }

    async fn answer(&self, _: Call) -> Answer {
        (self.0)()
    }
}

const SIGNED: &str =
    "Authorization: AWS4-HMAC-SHA256 Credential=AKID/20260801/eu-west-1/glue/aws4_request, Signature=x";

/// What the fake sends in answer to `GetDatabases`, byte for byte.
async fn databases(fake: &FakeAws, signed: &str, input: &str) -> String {
    let address = fake.url().strip_prefix("http://").unwrap().to_owned();
    let mut stream = TcpStream::connect(&address).await.unwrap();
    let head = format!(
        "POST / HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nX-Amz-Target: AWSGlue.GetDatabases\r\n\
         Content-Type: application/x-amz-json-1.1\r\n{signed}\r\nContent-Length: {}\r\n\r\n{input}",
        input.len()
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    String::from_utf8(answer).unwrap()
}

#[tokio::test]
async fn a_fake_answers_what_the_service_would() {
    let fake = FakeAws::start(Says(|| Answer::Output(json!({"DatabaseList": [{"Name": "sales"}]})))).await;
    let answer = databases(&fake, SIGNED, "{}").await;
    assert!(
        answer.starts_with("HTTP/1.1 200") && answer.ends_with(r#"{"DatabaseList":[{"Name":"sales"}]}"#),
        "{answer}"
    );
    assert_eq!((fake.count("GetDatabases"), fake.calls().len()), (1, 1));
    let fake = FakeAws::start(Says(|| Answer::error("EntityNotFoundException", "none"))).await;
    let answer = databases(&fake, SIGNED, "{}").await;
    assert!(answer.starts_with("HTTP/1.1 400") && answer.contains(r#""__type":"EntityNotFoundException""#), "{answer}");
}

#[tokio::test]
async fn a_fake_refuses_to_say_what_the_service_would_not() {
    for (says, told) in [
        ((|| Answer::Output(json!({"DatabaseList": [{"Nmae": "sales"}]}))) as fn() -> Answer, "Nmae"),
        (|| Answer::Output(json!({"DatabaseList": [{"Name": 1}]})), "Name"),
        (|| Answer::Output(json!({"DatabaseList": [{"Name": "a", "CreateTime": "today"}]})), "CreateTime"),
        (|| Answer::Output(json!({})), "DatabaseList"),
        (|| Answer::Body(json!({"Databases": []}), "{}".into()), "Databases"),
        (|| Answer::error("NoSuchDatabase", "none"), "NoSuchDatabase"),
    ] {
        let fake = FakeAws::start(Says(says)).await;
        assert_eq!(databases(&fake, SIGNED, "{}").await, "", "no answer is better than a wrong one");
        let wrong = fake.take_wrong().join("; ");
        assert!(wrong.contains(told), "{wrong}");
    }
}

#[tokio::test]
async fn a_request_that_the_model_does_not_allow_fails_the_test() {
    let fake = FakeAws::start(Says(|| Answer::Output(json!({"DatabaseList": []})))).await;
    let answer = databases(&fake, SIGNED, r#"{"MaxResults": 1000}"#).await;
    assert!(answer.starts_with("HTTP/1.1 400") && answer.contains("at most 100"), "{answer}");
    assert_eq!(fake.calls().len(), 0, "what is wrong never reaches the service");
    let dropped = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| drop(fake)));
    assert!(dropped.unwrap_err().downcast_ref::<String>().unwrap().contains("MaxResults"));

    let fake = FakeAws::start(Says(|| Answer::Output(json!({"DatabaseList": []})))).await;
    databases(&fake, "X-Unsigned: 1", "{}").await;
    databases(&fake, &SIGNED.replace("/glue/", "/s3/"), "{}").await;
    let wrong = fake.take_wrong();
    assert!(wrong.len() == 2 && wrong.iter().all(|wrong| wrong.contains("not signed for glue")), "{wrong:?}");
}

#[tokio::test]
async fn each_fault_meets_one_call_and_shows_on_the_wire() {
    let fake = FakeAws::start(Says(|| Answer::Output(json!({"DatabaseList": []})))).await;
    fake.fault_at("GetTables", Fault::Internal);
    for (fault, expected) in [
        (Fault::Throttled, "ThrottlingException"),
        (Fault::Internal, "HTTP/1.1 500"),
        (Fault::Malformed, "no JSON"),
        (Fault::Expired, "ExpiredTokenException"),
        (Fault::Denied, "not authorized to perform: glue:GetDatabases"),
    ] {
        fake.fault(fault.clone());
        let answer = databases(&fake, SIGNED, "{}").await;
        assert!(answer.contains(expected), "{fault:?}: {answer}");
    }
    fake.fault(Fault::Cut);
    assert_eq!(databases(&fake, SIGNED, "{}").await, "");
    fake.fault(Fault::Partial);
    let answer = databases(&fake, SIGNED, "{}").await;
    assert!(answer.contains("content-length: 19") && answer.ends_with(r#"{"Databas"#), "{answer}");
    let answer = databases(&fake, SIGNED, "{}").await;
    assert!(answer.ends_with(r#"{"DatabaseList":[]}"#), "a fault of another operation waits for it: {answer}");
    assert_eq!(fake.count("GetDatabases"), 8, "calls that met a fault count");
}
