#[path = "../../tests/it/recorder.rs"]
mod recorder;

use std::{sync::Arc, time::Duration};

use enginehouse_capabilities::{AttemptScope, CallContext, Error, Grants, Interface, Token};
use uuid::Uuid;

use self::recorder::Recorder;
use super::{Own, View};
use crate::{
    Capabilities, Stage,
    bindings::enginehouse::supervisor::{
        batches,
        catalog::Host as _,
        codegen::{self, Host as _},
        functions,
        journal::{Host as _, Level},
        objects::Host as _,
        processes::{self, Host as _},
        tools::Host as _,
    },
};

const STAGES: [Stage; 10] = [
    Stage::Describe,
    Stage::Plan,
    Stage::Generate,
    Stage::Validate,
    Stage::Submit,
    Stage::Poll,
    Stage::Log,
    Stage::Cancel,
    Stage::Fetch,
    Stage::Status,
];

fn own() -> String {
    Token::of_attempt(Uuid::from_u128(7), 1).to_string()
}

/// A view in `stage` with an attempt, which the stage may take away, and what reached the capabilities.
fn view(stage: Stage) -> (View, Arc<Recorder>) {
    granted(stage, Grants::all())
}

fn granted(stage: Stage, grants: Grants) -> (View, Arc<Recorder>) {
    let recorder = Arc::new(Recorder::default());
    let attempt = AttemptScope {
        token: own().parse().unwrap(),
        inputs: vec!["s3://data/in.csv".parse().unwrap(), "s3://data/lake/".parse().unwrap()],
        output: "s3://runs/7/out/".parse().unwrap(),
        scratch: "s3://runs/7/scratch/".parse().unwrap(),
        target: "spark".into(),
        timeout: Duration::from_secs(90),
    };
    let cx = CallContext {
        framework: "spark".into(),
        digest: String::new(),
        run: Some(Uuid::from_u128(7)),
        attempt: Some(attempt),
    };
    let own = Own::new(
        [("mode".to_owned(), "strict".to_owned())].into(),
        [("cluster".to_owned(), "there".to_owned())].into(),
        grants,
    );
    (View::new(stage, cx, recorder.capabilities(), Arc::new(own)), recorder)
}

fn denied<T: std::fmt::Debug>(result: Result<T, Error>) -> bool {
    matches!(result, Err(Error::Denied(_)))
}

fn invalid<T: std::fmt::Debug>(result: Result<T, Error>) -> bool {
    matches!(result, Err(Error::Invalid(_)))
}

fn model_request() -> codegen::Request {
    codegen::Request { system: String::new(), messages: Vec::new(), max_tokens: 1 }
}

fn program(token: &str, engine: &str, timeout_seconds: u32) -> processes::Program {
    let text = || "print(1)".to_owned();
    processes::Program { token: token.into(), engine: engine.into(), prelude: text(), code: text(), timeout_seconds }
}

fn batch(token: &str, entry_point: &str) -> batches::Request {
    batches::Request {
        token: token.into(),
        target: "spark".into(),
        name: "b".into(),
        entry_point: entry_point.into(),
        arguments: Vec::new(),
        properties: Vec::new(),
        jars: Vec::new(),
        timeout_minutes: 600,
    }
}

/// Calls every function with what an attempt may ask for; answers the names of those that were not denied.
async fn answering(stage: Stage) -> Vec<&'static str> {
    let (mut v, _) = view(stage);
    let t = || "spark".to_owned();
    let object = || "s3://data/in.csv".to_owned();
    let calls = [
        ("codegen.generate", denied(v.generate(model_request()).await)),
        ("objects.head", denied(v.head(object()).await)),
        ("objects.list", denied(objects_list(&mut v, "s3://data/lake/").await)),
        ("objects.read", denied(v.read(object(), 0, 1).await)),
        ("objects.write", denied(v.write("s3://runs/7/scratch/a".into(), vec![1]).await)),
        ("catalog.databases", denied(v.databases(None).await)),
        ("catalog.tables", denied(v.tables("d".into(), None).await)),
        ("catalog.table", denied(v.table("d".into(), "t".into()).await)),
        ("functions.start", denied(start_function(&mut v, &own(), "spark").await)),
        ("functions.check", denied(check_function(&mut v, &own()).await)),
        ("batches.start", denied(start_batch(&mut v, batch(&own(), "s3://runs/7/scratch/a.py")).await)),
        ("batches.get", denied(batches::Host::get(&mut v, t(), "id".into()).await)),
        ("batches.log", denied(batches::Host::log(&mut v, t(), "id".into(), batches::Output::Stdout, 0).await)),
        ("batches.cancel", denied(batches::Host::cancel(&mut v, t(), "id".into()).await)),
        ("tools.list", denied(list_tools(&mut v, "spark").await)),
        ("tools.call", denied(v.call(t(), "tool".into(), "{}".into()).await)),
        ("tools.start", denied(start_tool(&mut v, &own(), "spark").await)),
        ("tools.check", denied(check_tool(&mut v, &own()).await)),
        ("processes.start", denied(start_program(&mut v, program(&own(), "spark", 60)).await)),
        ("processes.check", denied(processes::Host::check(&mut v, own()).await)),
        ("processes.log", denied(processes::Host::log(&mut v, own(), processes::Output::Stdout, 0).await)),
        ("processes.cancel", denied(processes::Host::cancel(&mut v, own()).await)),
        ("processes.probe", denied(v.probe(t()).await)),
    ];
    calls.into_iter().filter(|(_, denied)| !denied).map(|(name, _)| name).collect()
}

// The interfaces share names of functions.
async fn objects_list(v: &mut View, prefix: &str) -> Result<(), Error> {
    crate::bindings::enginehouse::supervisor::objects::Host::list(v, prefix.into(), None).await.map(|_| ())
}
async fn list_tools(v: &mut View, server: &str) -> Result<(), Error> {
    crate::bindings::enginehouse::supervisor::tools::Host::list(v, server.into()).await.map(|_| ())
}
async fn start_tool(v: &mut View, token: &str, server: &str) -> Result<(), Error> {
    use crate::bindings::enginehouse::supervisor::tools::Host;
    Host::start(v, token.into(), server.into(), "tool".into(), "{}".into()).await
}
async fn check_tool(v: &mut View, token: &str) -> Result<(), Error> {
    crate::bindings::enginehouse::supervisor::tools::Host::check(v, token.into()).await.map(|_| ())
}
async fn start_function(v: &mut View, token: &str, target: &str) -> Result<(), Error> {
    crate::bindings::enginehouse::supervisor::functions::Host::start(v, token.into(), target.into(), "{}".into()).await
}
async fn check_function(v: &mut View, token: &str) -> Result<(), Error> {
    crate::bindings::enginehouse::supervisor::functions::Host::check(v, token.into()).await.map(|_| ())
}
async fn start_batch(v: &mut View, request: batches::Request) -> Result<(), Error> {
    batches::Host::start(v, request).await.map(|_| ())
}
async fn start_program(v: &mut View, program: processes::Program) -> Result<(), Error> {
    processes::Host::start(v, program).await
}

#[tokio::test]
async fn each_export_has_its_functions_and_no_others() {
    for stage in STAGES {
        let answering = answering(stage).await;
        match stage {
            Stage::Describe | Stage::Plan | Stage::Validate => assert!(answering.is_empty(), "{stage}: {answering:?}"),
            Stage::Status => assert_eq!(answering, ["tools.list", "processes.probe"]),
            Stage::Generate => {
                assert_eq!(answering, ["codegen.generate", "catalog.databases", "catalog.tables", "catalog.table"])
            }
            _ => assert_eq!(answering.len(), 22, "{stage}: all but codegen, and not {answering:?}"),
        }
    }
}

#[tokio::test]
async fn settings_and_journal_answer_everywhere() {
    for stage in STAGES {
        let (mut v, recorder) = view(stage);
        assert_eq!(
            crate::bindings::enginehouse::supervisor::settings::Host::get(&mut v, "mode".into())
                .await
                .unwrap()
                .as_deref(),
            Some("strict")
        );
        assert_eq!(
            crate::bindings::enginehouse::supervisor::settings::Host::get(&mut v, "other".into()).await.unwrap(),
            None
        );
        let place = crate::bindings::enginehouse::supervisor::settings::Host::get(&mut v, "places.cluster".into())
            .await
            .unwrap();
        assert_eq!(place.as_deref(), (stage == Stage::Status).then_some("there"), "{stage}");
        v.note(Level::Info, "hello".into()).await.unwrap();
        assert_eq!(recorder.lines(), ["journal.note Info 5"]);
    }
}

#[tokio::test]
async fn notes_are_cut_and_counted() {
    let (mut v, recorder) = view(Stage::Poll);
    v.note(Level::Warn, "ä".repeat(5_000)).await.unwrap();
    assert_eq!(recorder.lines(), ["journal.note Warn 8192"]);
    for _ in 0..2_000 {
        v.note(Level::Debug, "x".into()).await.unwrap();
    }
    assert_eq!(recorder.lines().len(), 1_000);
}

#[tokio::test]
async fn objects_outside_the_attempt_are_denied() {
    let (mut v, recorder) = view(Stage::Fetch);
    for uri in ["s3://data/in.csv2", "s3://data/", "s3://other/in.csv", "s3://runs/8/out/a", "s3://runs/7/"] {
        assert!(denied(v.head(uri.into()).await), "{uri}");
        assert!(denied(v.read(uri.into(), 0, 1).await), "{uri}");
        assert!(denied(objects_list(&mut v, uri).await), "{uri}");
    }
    for uri in ["s3://data/in.csv", "s3://data/lake/a", "s3://runs/7/out/a", "s3://runs/7/scratch/", "s3://runs/7/out/"]
    {
        assert!(denied(v.write(uri.into(), vec![]).await), "{uri}");
    }
    for uri in ["s3://data/lake/../x", "/etc/passwd", ""] {
        assert!(invalid(v.read(uri.into(), 0, 1).await), "{uri}");
    }
    assert!(invalid(objects_list(&mut v, "s3://data/in.csv").await), "it would match in.csv2 too");
    assert!(recorder.lines().is_empty());
}

#[tokio::test]
async fn reads_and_writes_have_a_mebibyte_at_most() {
    let (mut v, recorder) = view(Stage::Submit);
    assert!(invalid(v.read("s3://data/in.csv".into(), 0, (1 << 20) + 1).await));
    assert!(invalid(v.write("s3://runs/7/scratch/a".into(), vec![0; (1 << 20) + 1]).await));
    assert_eq!(v.read("s3://data/in.csv".into(), 3, 1 << 20).await.unwrap(), b"read");
    v.write("s3://runs/7/scratch/a".into(), vec![0; 1 << 20]).await.unwrap();
    assert_eq!(
        recorder.lines(),
        ["objects.read s3://data/in.csv 3 1048576", "objects.write s3://runs/7/scratch/a 1048576"]
    );
}

#[tokio::test]
async fn tokens_and_targets_of_others_are_denied() {
    let (mut v, recorder) = view(Stage::Submit);
    let other = Token::of_attempt(Uuid::from_u128(8), 1).to_string();
    let longer = format!("{}{}", own(), "0".repeat(25));
    for token in [&other, &longer] {
        assert!(start_function(&mut v, token, "spark").await.is_err());
        assert!(check_function(&mut v, token).await.is_err());
        assert!(start_tool(&mut v, token, "spark").await.is_err());
        assert!(check_tool(&mut v, token).await.is_err());
        assert!(start_batch(&mut v, batch(token, "s3://runs/7/scratch/a.py")).await.is_err());
        assert!(start_program(&mut v, program(token, "spark", 1)).await.is_err());
        assert!(processes::Host::check(&mut v, token.clone()).await.is_err());
        assert!(processes::Host::cancel(&mut v, token.clone()).await.is_err());
        assert!(processes::Host::log(&mut v, token.clone(), processes::Output::Stderr, 0).await.is_err());
    }
    assert!(denied(start_function(&mut v, &own(), "ray").await));
    assert!(denied(start_tool(&mut v, &own(), "ray").await));
    assert!(denied(start_program(&mut v, program(&own(), "ray", 1)).await));
    assert!(denied(
        start_batch(&mut v, batches::Request { target: "ray".into(), ..batch(&own(), "s3://runs/7/scratch/a") }).await
    ));
    assert!(denied(start_batch(&mut v, batch(&own(), "s3://data/in.csv")).await), "a script of somebody else's");
    assert!(denied(v.probe("ray".into()).await), "only `status` looks around");
    assert!(recorder.lines().is_empty());
}

#[tokio::test]
async fn times_are_clamped_to_the_attempts() {
    let (mut v, recorder) = view(Stage::Submit);
    start_program(&mut v, program(&own(), "spark", 9_999)).await.unwrap();
    start_program(&mut v, program(&format!("{}-b", own()), "spark", 5)).await.unwrap();
    start_batch(&mut v, batch(&own(), "s3://runs/7/scratch/a.py")).await.unwrap();
    let own = own();
    assert_eq!(
        recorder.lines(),
        [
            format!("processes.start {own} spark 90s"),
            format!("processes.start {own}-b spark 5s"),
            "batches.start s3://runs/7/scratch/a.py 2 min".to_owned()
        ]
    );
}

#[tokio::test]
async fn the_model_answers_once_in_a_call() {
    let (mut v, recorder) = view(Stage::Generate);
    assert!(matches!(v.generate(model_request()).await, Err(Error::Unconfigured(_))));
    assert!(denied(v.generate(model_request()).await));
    assert_eq!(recorder.lines().len(), 1);
}

/// A refusal that names a setting, and nothing that reached a capability.
fn refused<T: std::fmt::Debug>(result: Result<T, Error>, setting: &str, recorder: &Recorder) {
    match result {
        Err(Error::Denied(text)) => assert!(text.contains(&format!("frameworks.spark.grants.{setting}")), "{text}"),
        other => panic!("{other:?}"),
    }
    assert!(recorder.lines().is_empty(), "{:?}", recorder.lines());
}

#[tokio::test]
async fn what_the_operator_narrowed_is_denied_with_the_settings_name_and_before_any_effect() {
    let named = |interface, names: &[&str]| (interface, names.iter().map(|name| (*name).to_owned()).collect());
    let grants = Grants {
        read: Some(vec!["s3://data/lake/".parse().unwrap()]),
        write: Some(Vec::new()),
        names: vec![
            named(Interface::Catalog, &["sales"]),
            named(Interface::Processes, &["other"]),
            named(Interface::Tools, &[]),
            named(Interface::Functions, &[]),
            named(Interface::Batches, &[]),
        ],
        ..Grants::all()
    };
    let (mut view, recorder) = granted(Stage::Submit, grants);
    refused(view.head("s3://data/in.csv".into()).await, "objects.read", &recorder);
    refused(view.read("s3://runs/7/out/a".into(), 0, 1).await, "objects.read", &recorder);
    refused(view.write("s3://runs/7/scratch/a".into(), Vec::new()).await, "objects.write", &recorder);
    refused(view.tables("hr".into(), None).await, "catalog", &recorder);
    refused(view.table("HR".into(), "people".into()).await, "catalog", &recorder);
    refused(processes::Host::start(&mut view, program(&own(), "spark", 1)).await, "processes", &recorder);
    refused(view.probe("spark".into()).await, "processes", &recorder);
    refused(view.call("spark".into(), "tool".into(), "{}".into()).await, "tools", &recorder);
    let start = functions::Host::start(&mut view, own(), "spark".into(), "{}".into()).await;
    refused(start, "functions", &recorder);
    refused(batches::Host::start(&mut view, batch(&own(), "s3://runs/7/scratch/a")).await, "batches", &recorder);
    view.head("s3://data/lake/a".into()).await.unwrap();
    view.tables("Sales".into(), None).await.unwrap();
    assert_eq!(recorder.lines().len(), 2);
}

#[tokio::test]
async fn calls_beyond_those_of_a_minute_are_refused_before_any_effect() {
    let grants = Grants { calls_per_minute: std::num::NonZeroU32::new(3), ..Grants::all() };
    let (mut view, recorder) = granted(Stage::Poll, grants);
    for _ in 0..3 {
        processes::Host::check(&mut view, own()).await.unwrap();
    }
    let error = processes::Host::check(&mut view, own()).await.unwrap_err();
    assert!(matches!(&error, Error::QuotaExceeded(text) if text.contains("calls-per-minute")), "{error}");
    assert_eq!(recorder.lines().len(), 3);
    view.note(Level::Info, "the journal is everybody's".into()).await.unwrap();
}
