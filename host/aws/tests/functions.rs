//! The Lambda adapter keeps the promises of the trait, and never runs a function twice.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails loudly"
)]

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use enginehouse_aws::{Account, AccountConfig, FunctionTarget, LambdaFunctions, PayloadShape, Service};
use enginehouse_capabilities::{AttemptScope, CallContext, Error, FunctionAnswer, Invoke, Result, Token, conformance};
use enginehouse_fakes::aws::{FakeAws, Fault, Lambda, LambdaOutcome};
use serde_json::{Value, json};
use uuid::Uuid;

const PATIENCE: Duration = Duration::from_millis(700);

/// A running fake with three functions, and the adapter before it.
struct House {
    lambda: Lambda,
    fake: FakeAws,
    /// How often the function `spark` ran.
    runs: Arc<AtomicUsize>,
    functions: LambdaFunctions,
}

async fn account(url: String) -> Account {
    let config = AccountConfig {
        region: Some("eu-west-1".into()),
        keys: Some(("AKIDEXAMPLE".into(), "secret".into())),
        endpoints: [(Service::Lambda, url)].into(),
        ..AccountConfig::default()
    };
    Account::open(&config).await.unwrap()
}

fn targets() -> BTreeMap<String, FunctionTarget> {
    let target = |function: &str, payload| FunctionTarget { function: function.into(), qualifier: None, payload };
    let arn = "arn:aws:lambda:eu-west-1:000000000000:function:spark";
    [
        ("echo", target("echo", PayloadShape::AsIs)),
        ("failing", target("failing", PayloadShape::default())),
        ("gone", target("gone", PayloadShape::default())),
        ("spark", FunctionTarget { qualifier: Some("live".into()), ..target(arn, PayloadShape::default()) }),
    ]
    .map(|(name, target)| (name.to_owned(), target))
    .into()
}

async fn house() -> House {
    let runs = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&runs);
    let lambda = Lambda::new()
        .function("echo", async |event| LambdaOutcome::returned(event))
        .function("failing", async |_| LambdaOutcome {
            log: "START\nTraceback\nEND\n".into(),
            ..LambdaOutcome::raised("ValueError", "no such column")
        })
        .function("spark", move |event: Value| {
            counted.fetch_add(1, Ordering::SeqCst);
            async move { LambdaOutcome { log: "é".repeat(5000), ..LambdaOutcome::returned(json!({"given": event})) } }
        });
    let fake = FakeAws::start(lambda.clone()).await;
    let functions = LambdaFunctions::with_patience(&account(fake.url()).await, targets(), PATIENCE);
    House { lambda, fake, runs, functions }
}

impl House {
    async fn spark(&self) -> Result<FunctionAnswer> {
        let cx = context();
        let token = cx.attempt.as_ref().unwrap().token.clone();
        let payload = json!({"code": "print(1)", "output": "s3://runs/out/", "token": token.as_str()});
        self.functions.invoke(&cx, &token, "spark", &payload.to_string()).await
    }

    fn ran(&self) -> usize {
        self.runs.load(Ordering::SeqCst)
    }
}

fn context() -> CallContext {
    let run = Uuid::now_v7();
    CallContext {
        framework: "spark".into(),
        digest: "0".repeat(64),
        run: Some(run),
        attempt: Some(AttemptScope {
            token: Token::of_attempt(run, 1),
            inputs: vec![],
            output: "s3://runs/out/".parse().unwrap(),
            scratch: "s3://runs/scratch/".parse().unwrap(),
            target: "spark".into(),
            timeout: Duration::from_secs(60),
        }),
    }
}

#[tokio::test]
async fn keeps_the_promises_of_functions() {
    let house = house().await;
    let patient = LambdaFunctions::new(&account(house.fake.url()).await, targets());
    conformance::functions(&patient, "echo", "failing", &context()).await;
}

#[tokio::test]
async fn a_function_is_handed_what_its_shape_says_and_its_log_comes_back() {
    let house = house().await;
    let answer = house.spark().await.unwrap();
    let given: Value = serde_json::from_str(&answer.payload).unwrap();
    assert_eq!(given, json!({"given": {"spark_code": "print(1)", "s3_output_path": "s3://runs/out/"}}));
    assert!(answer.log.contains("éé\nEND RequestId: ") && answer.log.len() <= 4099, "the last 4 KiB");
    let billed = answer.billed.unwrap();
    assert!(billed.milliseconds > 0 && billed.memory_mb == 3008, "{billed:?}");
    let calls = house.fake.calls();
    let input = &calls[0].input;
    assert_eq!(input["FunctionName"], "arn:aws:lambda:eu-west-1:000000000000:function:spark");
    assert_eq!(input["Qualifier"], "live");
    assert_eq!(
        (&input["X-Amz-Invocation-Type"], &input["X-Amz-Log-Type"]),
        (&json!("RequestResponse"), &json!("Tail"))
    );
}

#[tokio::test]
async fn a_failure_of_the_function_is_an_answer_and_is_not_tried_again() {
    let house = house().await;
    let cx = context();
    let token = cx.attempt.as_ref().unwrap().token.clone();
    let answer = house.functions.invoke(&cx, &token, "failing", "{}").await.unwrap();
    assert_eq!(answer.error.unwrap(), "the function failed (Unhandled): ValueError: no such column");
    assert!(answer.log.starts_with("START\nTraceback\nEND\n"), "{}", answer.log);
    assert!(answer.billed.is_some(), "what failed is billed, too");
    assert_eq!(house.fake.count("Invoke"), 1);
}

#[tokio::test]
async fn what_lambda_turned_away_for_its_rate_is_sent_again() {
    let house = house().await;
    house.lambda.busy_for(1);
    house.spark().await.unwrap();
    assert_eq!((house.fake.count("Invoke"), house.ran()), (2, 1), "TooManyRequestsException");
    house.fake.fault(Fault::Throttled);
    house.spark().await.unwrap();
    assert_eq!((house.fake.count("Invoke"), house.ran()), (4, 2), "ThrottlingException");
}

#[tokio::test]
async fn lambda_that_stays_busy_is_unavailable_and_ran_nothing() {
    let house = house().await;
    house.lambda.busy_for(100);
    let told = house.spark().await.unwrap_err();
    assert!(matches!(&told, Error::Unavailable(text) if text.contains("did not run")), "{told}");
    assert_eq!((house.fake.count("Invoke"), house.ran()), (4, 0));
}

#[tokio::test]
async fn what_may_have_run_is_never_sent_twice_and_the_error_says_so() {
    for fault in [Fault::Internal, Fault::Cut, Fault::Slow(PATIENCE * 2), Fault::Partial] {
        let house = house().await;
        house.fake.fault(fault.clone());
        let told = house.spark().await.unwrap_err();
        match fault {
            Fault::Slow(_) => assert!(matches!(told, Error::TimedOut(_)), "{fault:?}: {told:?}"),
            Fault::Partial => {
                assert!(matches!(told, Error::Other { .. } | Error::Unavailable(_)), "{fault:?}: {told:?}")
            }
            _ => assert!(matches!(told, Error::Unavailable(_)), "{fault:?}: {told:?}"),
        }
        assert!(told.to_string().contains("may have run"), "{fault:?}: {told}");
        // Time enough for a second one, were there any.
        tokio::time::sleep(PATIENCE).await;
        assert_eq!(house.fake.count("Invoke"), 1, "{fault:?}");
        assert!(house.ran() <= 1, "{fault:?}");
    }
}

#[tokio::test]
async fn an_answer_that_is_no_json_is_told_and_not_asked_for_again() {
    let house = house().await;
    house.fake.fault(Fault::Malformed);
    let told = house.spark().await.unwrap_err();
    assert!(
        matches!(told, Error::Other { .. }) && told.to_string().contains("ran, and its answer is no JSON"),
        "{told}"
    );
    assert_eq!((house.fake.count("Invoke"), house.ran()), (1, 1));
}

#[tokio::test]
async fn who_may_not_call_is_denied_and_nothing_ran() {
    let cases = [
        (Fault::Denied, "refused"),
        (Fault::Expired, "expired; renew"),
        (Fault::Unknown, "does not know the credentials"),
    ];
    for (fault, why) in cases {
        let house = house().await;
        house.fake.fault(fault.clone());
        let told = house.spark().await.unwrap_err();
        let fits = |text: &str| text.contains("did not run") && text.contains(why);
        assert!(matches!(&told, Error::Denied(text) if fits(text)), "{fault:?}: {told:?}");
        assert_eq!((house.fake.count("Invoke"), house.ran()), (1, 0), "{fault:?}");
    }
}

#[tokio::test]
async fn a_slow_answer_is_waited_for() {
    let house = house().await;
    house.fake.fault(Fault::Slow(PATIENCE / 3));
    house.spark().await.unwrap();
    assert_eq!((house.fake.count("Invoke"), house.ran()), (1, 1));
}

#[tokio::test]
async fn a_function_that_is_not_there_is_told_by_its_name() {
    let house = house().await;
    let cx = context();
    let token = cx.attempt.as_ref().unwrap().token.clone();
    let told = house.functions.invoke(&cx, &token, "gone", "{}").await.unwrap_err();
    assert!(matches!(&told, Error::NotFound(text) if text.contains("gone") && text.contains("did not run")), "{told}");
    let nobody = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let alone = LambdaFunctions::new(&account(format!("http://{nobody}")).await, targets());
    let told = alone.invoke(&cx, &token, "spark", "{}").await.unwrap_err();
    assert!(matches!(&told, Error::Unavailable(text) if text.contains("did not run")), "{told}");
}

#[tokio::test]
async fn what_is_refused_is_refused_before_anything_is_sent() {
    let house = house().await;
    let code = "x".repeat((6 << 20) - 11);
    let grows = json!({"code": code}).to_string();
    assert!(grows.len() <= 6 << 20, "fits as the plugin says it, and not as the function takes it");
    let told = house.functions.check("spark", &grows).unwrap_err();
    assert!(matches!(&told, Error::Invalid(text) if text.contains("6291456")), "{told}");
    house.functions.check("echo", &grows).unwrap();
    let told = house.functions.check("elsewhere", "{}").unwrap_err();
    assert!(matches!(&told, Error::Unconfigured(text) if text.contains("`functions.targets.elsewhere`")), "{told}");
    assert_eq!(house.fake.calls().len(), 0);
}
