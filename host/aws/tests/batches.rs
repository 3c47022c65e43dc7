//! The EMR Serverless adapter keeps the promises of the trait, and starts nothing twice.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails loudly"
)]

use std::{io::Write, sync::Arc, time::Duration};

use bytes::Bytes;
use enginehouse_aws::{Account, AccountConfig, BatchTarget, EmrBatches, S3Config, S3Objects, Service};
use enginehouse_capabilities::{
    AttemptScope, BatchOutput, BatchRequest, BatchState, Batches, CallContext, Error, LogChunk, ObjectUri, Objects,
    Token, conformance,
};
use enginehouse_fakes::aws::{EmrServerless, FakeAws, Fault};
use enginehouse_local::store::EmbeddedStore;
use flate2::{Compression, write::GzEncoder};
use futures::{StreamExt, stream};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use uuid::Uuid;

const APPLICATION: &str = "00f1abcdefgh0i09";
const ROLE: &str = "arn:aws:iam::000000000000:role/spark-batches";

/// A running fake, an object store for its logs, and the adapter before them.
struct House {
    _data: tempfile::TempDir,
    emr: EmrServerless,
    fake: FakeAws,
    objects: Arc<dyn Objects>,
    batches: EmrBatches,
}

async fn house(emr: EmrServerless) -> House {
    let data = tempfile::tempdir().unwrap();
    let objects = objects(data.path()).await;
    let fake = FakeAws::start(emr.clone()).await;
    let config = AccountConfig {
        region: Some("eu-west-1".into()),
        keys: Some(("AKIDEXAMPLE".into(), "secret".into())),
        endpoints: [(Service::EmrServerless, fake.url())].into(),
        ..AccountConfig::default()
    };
    let target = BatchTarget {
        application_id: APPLICATION.into(),
        execution_role_arn: ROLE.into(),
        logs: uri("s3://logs/emr/"),
        properties: vec![("spark.executor.cores".into(), "2".into())],
    };
    let nowhere = BatchTarget { application_id: "00fgone".into(), ..target.clone() };
    let targets = [("spark".to_owned(), target), ("gone".to_owned(), nowhere)].into();
    let batches = EmrBatches::new(&Account::open(&config).await.unwrap(), Arc::clone(&objects), targets);
    House { _data: data, emr, fake, objects, batches }
}

async fn objects(data: &std::path::Path) -> Arc<dyn Objects> {
    let store = Arc::new(EmbeddedStore::open(data).await.unwrap());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = store.endpoint(listener.local_addr().unwrap());
    tokio::spawn(async move { store.serve(listener).await });
    Arc::new(S3Objects::new(&S3Config::own(endpoint.url, endpoint.region, endpoint.access_key, endpoint.secret_key)))
}

impl House {
    async fn start(&self) -> String {
        let cx = context();
        self.batches.start(&cx, request(&cx)).await.unwrap()
    }

    async fn log(&self, id: &str, after: u64) -> LogChunk {
        self.batches.log("spark", id, BatchOutput::Stderr, after).await.unwrap()
    }

    async fn printed(&self, id: &str, packed: Vec<u8>) {
        let place = uri(&format!("s3://logs/emr/applications/{APPLICATION}/jobs/{id}/SPARK_DRIVER/stderr.gz"));
        self.objects.write(&place, stream::iter([Ok(Bytes::from(packed))]).boxed()).await.unwrap();
    }
}

fn uri(text: &str) -> ObjectUri {
    text.parse().unwrap()
}

fn packed(text: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

fn context() -> CallContext {
    let run = Uuid::now_v7();
    CallContext {
        framework: "spark".into(),
        digest: "0".repeat(64),
        run: Some(run),
        attempt: Some(AttemptScope {
            token: Token::of_attempt(run, 1),
            inputs: vec![uri("s3://lake/a.csv"), uri("s3://lake/t/")],
            output: uri("s3://runs/out/"),
            scratch: uri("s3://runs/scratch/"),
            target: "spark".into(),
            timeout: Duration::from_secs(3600),
        }),
    }
}

fn request(cx: &CallContext) -> BatchRequest {
    BatchRequest {
        token: cx.attempt.as_ref().unwrap().token.clone(),
        target: "spark".into(),
        name: "a run".into(),
        entry_point: uri("s3://runs/scratch/main.py"),
        arguments: vec!["--day".into(), "it's \"Monday\"\n".into()],
        properties: vec![("spark.executor.cores".into(), "64".into()), ("spark.a".into(), "b c".into())],
        jars: vec![uri("s3://runs/scratch/a.jar")],
        timeout_minutes: 60,
    }
}

#[tokio::test]
async fn keeps_the_promises_of_batches() {
    let house = house(EmrServerless::new(APPLICATION)).await;
    conformance::batches(&house.batches, "spark", &uri("s3://runs/scratch/main.py"), &context).await;
}

#[tokio::test]
async fn a_batch_is_started_with_its_token_its_limits_and_a_policy_of_its_own() {
    let house = house(EmrServerless::new(APPLICATION)).await;
    let cx = context();
    let id = house.batches.start(&cx, request(&cx)).await.unwrap();
    let sent = house.emr.started().remove(&id).unwrap();
    let policy: Value = serde_json::from_str(sent["executionIamPolicy"]["policy"].as_str().unwrap()).unwrap();
    let mut rest = sent.clone();
    rest.as_object_mut().unwrap().remove("executionIamPolicy");
    assert_eq!(
        rest,
        json!({
            "applicationId": APPLICATION,
            "clientToken": cx.attempt.as_ref().unwrap().token.as_str(),
            "executionRoleArn": ROLE,
            "name": "a run",
            "mode": "BATCH",
            "executionTimeoutMinutes": 60,
            "jobDriver": {"sparkSubmit": {
                "entryPoint": "s3://runs/scratch/main.py",
                "entryPointArguments": ["--day", "it's \"Monday\"\n"],
                "sparkSubmitParameters":
                    "--jars s3://runs/scratch/a.jar --conf \"spark.a=b c\" --conf spark.executor.cores=2",
            }},
            "configurationOverrides": {"monitoringConfiguration": {"s3MonitoringConfiguration": {"logUri": "s3://logs/emr"}}},
        })
    );
    let resources = policy["Statement"].to_string();
    for place in ["lake/a.csv\"", "lake/t/*", "runs/out/*", "runs/scratch/*"] {
        assert!(resources.contains(&format!("arn:aws:s3:::{place}")), "{place}: {resources}");
    }
    assert!(resources.contains(&format!("arn:aws:s3:::logs/emr/applications/{APPLICATION}/*")), "{resources}");
}

#[tokio::test]
async fn every_state_has_a_meaning_and_a_word_from_the_future_is_no_end() {
    let words = ["SUBMITTED", "PENDING", "SCHEDULED", "QUEUED", "RUNNING", "HIBERNATING", "CANCELLING", "FAILED"];
    let house = house(EmrServerless::new(APPLICATION).states(&words)).await;
    let id = house.start().await;
    for word in words {
        let batch = house.batches.get("spark", &id).await.unwrap();
        assert_eq!(batch.detail, format!("{word}: accepted"));
        let expected = match word {
            "RUNNING" | "HIBERNATING" | "CANCELLING" => BatchState::Running,
            "FAILED" => BatchState::Failed,
            _ => BatchState::Queued,
        };
        assert_eq!(batch.state, expected, "{word}");
        let hours = if word == "FAILED" { (Some(0.25), Some(1.0)) } else { (Some(0.125), Some(0.5)) };
        assert_eq!((batch.vcpu_hours, batch.memory_gb_hours), hours, "what is billed counts once it is known");
    }
}

#[tokio::test]
async fn a_start_that_broke_off_is_sent_again_under_its_token_and_starts_one_batch() {
    let slow = Fault::Slow(Duration::from_millis(300));
    for fault in [Fault::Throttled, Fault::Internal, Fault::Cut, Fault::Partial, slow] {
        let house = house(EmrServerless::new(APPLICATION)).await;
        house.fake.fault_at("StartJobRun", fault.clone());
        let id = house.start().await;
        assert_eq!(house.emr.started().into_keys().collect::<Vec<_>>(), [id], "{fault:?}");
        let tokens: Vec<_> = house.fake.calls().iter().map(|call| call.input["clientToken"].clone()).collect();
        let times = if matches!(fault, Fault::Slow(_)) { 1 } else { 2 };
        assert_eq!(tokens.len(), times, "{fault:?}");
        assert!(tokens.iter().all(|token| *token == tokens[0]), "{fault:?}");
    }
}

#[tokio::test]
async fn an_answer_that_cannot_be_read_loses_no_batch() {
    let house = house(EmrServerless::new(APPLICATION)).await;
    let cx = context();
    house.fake.fault_at("StartJobRun", Fault::Malformed);
    let told = house.batches.start(&cx, request(&cx)).await.unwrap_err();
    assert!(matches!(&told, Error::Other { message, .. } if message.contains("could not start")), "{told:?}");
    let id = house.batches.start(&cx, request(&cx)).await.unwrap();
    assert_eq!(house.emr.started().into_keys().collect::<Vec<_>>(), [id]);
}

#[tokio::test]
async fn a_look_survives_what_passes_and_tells_what_does_not() {
    let house = house(EmrServerless::new(APPLICATION).states(&["RUNNING"])).await;
    let id = house.start().await;
    for fault in
        [Fault::Throttled, Fault::Internal, Fault::Cut, Fault::Partial, Fault::Slow(Duration::from_millis(100))]
    {
        house.fake.fault(fault.clone());
        assert_eq!(house.batches.get("spark", &id).await.unwrap().state, BatchState::Running, "{fault:?}");
    }
    for fault in [Fault::Denied, Fault::Expired] {
        house.fake.fault(fault.clone());
        let told = house.batches.get("spark", &id).await.unwrap_err();
        assert!(matches!(&told, Error::Denied(text) if text.contains("EMR Serverless")), "{fault:?}: {told}");
    }
    house.fake.fault(Fault::Malformed);
    assert!(matches!(house.batches.get("spark", &id).await, Err(Error::Other { .. })));
}

#[tokio::test]
async fn who_may_not_start_is_denied_and_an_application_that_is_gone_is_told() {
    let house = house(EmrServerless::new(APPLICATION)).await;
    let cx = context();
    for (fault, why) in
        [(Fault::Denied, "refused"), (Fault::Expired, "expired; renew"), (Fault::Unknown, "does not know")]
    {
        house.fake.fault(fault);
        let told = house.batches.start(&cx, request(&cx)).await.unwrap_err();
        assert!(matches!(&told, Error::Denied(text) if text.contains(why)), "{told}");
    }
    let gone = BatchRequest { target: "gone".into(), ..request(&cx) };
    let told = house.batches.start(&cx, gone).await.unwrap_err();
    assert!(matches!(&told, Error::NotFound(text) if text.contains("00fgone")), "{told}");
    assert!(house.emr.started().is_empty());
}

#[tokio::test]
async fn what_cannot_be_cancelled_for_another_reason_is_told() {
    let house = house(EmrServerless::new(APPLICATION).states(&["RUNNING"])).await;
    let id = house.start().await;
    house.fake.fault_at("CancelJobRun", Fault::Denied);
    assert!(matches!(house.batches.cancel("spark", &id).await, Err(Error::Denied(_))));
    for fault in [Fault::Internal, Fault::Cut] {
        house.fake.fault_at("CancelJobRun", fault.clone());
        house.batches.cancel("spark", &id).await.unwrap_or_else(|e| panic!("{fault:?}: {e}"));
    }
    assert_eq!(house.batches.get("spark", &id).await.unwrap().state, BatchState::Cancelled);
}

#[tokio::test]
async fn a_log_that_is_not_there_yet_is_awaited_until_the_batch_has_ended() {
    let house = house(EmrServerless::new(APPLICATION).states(&["RUNNING", "RUNNING", "SUCCESS"])).await;
    let id = house.start().await;
    assert_eq!(house.log(&id, 0).await, LogChunk::default());
    house.printed(&id, packed("begun\nαβ".as_bytes())).await;
    let first = house.log(&id, 0).await;
    assert_eq!((first.text.as_str(), first.end), ("begun\nαβ", false));
    house.printed(&id, packed("begun\nαβ\ndone\n".as_bytes())).await;
    let rest = house.log(&id, first.next).await;
    assert_eq!((rest.text.as_str(), rest.end), ("\ndone\n", true));
    let nothing = house.batches.log("spark", &id, BatchOutput::Stdout, 0).await.unwrap();
    assert_eq!(nothing, LogChunk { end: true, ..LogChunk::default() }, "nothing will follow");
}

#[tokio::test]
async fn a_long_log_comes_in_pieces_and_a_bomb_is_cut() {
    let house = house(EmrServerless::new(APPLICATION).states(&["FAILED"])).await;
    let id = house.start().await;
    let text = format!("x{}", "é".repeat(300_000));
    house.printed(&id, packed(text.as_bytes())).await;
    let (mut given, mut at) = (String::new(), 0);
    loop {
        let piece = house.log(&id, at).await;
        given.push_str(&piece.text);
        if piece.end {
            break;
        }
        assert!(piece.text.len() >= LogChunk::MAX_BYTES - 1);
        at = piece.next;
    }
    assert!(given == text);
    house.printed(&id, packed(&vec![0; 80 << 20])).await;
    let told = house.log(&id, 64 << 20).await;
    assert!(told.end && told.dropped > 0 && told.text.contains("64 MiB"), "{told:?}");
}

#[tokio::test]
async fn a_log_that_is_no_gzip_is_told() {
    let house = house(EmrServerless::new(APPLICATION).states(&["FAILED"])).await;
    let id = house.start().await;
    house.printed(&id, b"<html>not what was asked for</html>".to_vec()).await;
    let told = house.batches.log("spark", &id, BatchOutput::Stderr, 0).await.unwrap_err();
    assert!(told.to_string().contains("no gzip"), "{told}");
}

#[tokio::test]
async fn a_job_run_ends_as_its_engine_does() {
    let engine = async |_, request: Value| match request["name"].as_str() {
        Some("forever") => std::future::pending().await,
        Some("bad") => Err("the script failed".to_owned()),
        _ => Ok(()),
    };
    let house = house(EmrServerless::new(APPLICATION).engine(engine)).await;
    for (name, state) in
        [("good", BatchState::Succeeded), ("bad", BatchState::Failed), ("forever", BatchState::Cancelled)]
    {
        let cx = context();
        let id = house.batches.start(&cx, BatchRequest { name: name.into(), ..request(&cx) }).await.unwrap();
        if name == "forever" {
            assert_eq!(house.batches.get("spark", &id).await.unwrap().state, BatchState::Running);
            house.batches.cancel("spark", &id).await.unwrap();
        }
        let mut batch = house.batches.get("spark", &id).await.unwrap();
        while batch.state == BatchState::Running {
            tokio::time::sleep(Duration::from_millis(20)).await;
            batch = house.batches.get("spark", &id).await.unwrap();
        }
        assert_eq!(batch.state, state, "{name}: {}", batch.detail);
    }
}
