//! Every way in which a call can end.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use enginehouse_runtime::{Clock, Error, Failure, HostError, Limits, PluginConfig, Stage};

use crate::{
    common::{inside, outside, plugin, runtime, task},
    guest::{Guest, RESULT},
};

fn limited(limits: Limits) -> PluginConfig {
    PluginConfig { limits, ..PluginConfig::default() }
}

#[tokio::test]
async fn a_plugin_describes_itself_and_finds_code_clean() {
    let plugin = plugin(Guest::default(), PluginConfig::default()).await;
    let description = plugin.describe();
    assert_eq!((description.framework.as_str(), description.version.as_str()), ("hollow", "1.2.3"));
    assert_eq!(description.platforms[0].name, "local");
    assert_eq!(description.rules[0].id, "T001");
    let report = plugin.validate(&outside(), &task(), "print(1)").await.unwrap();
    assert!(report.findings.is_empty());
    let validated = report.validated.unwrap();
    assert_eq!(validated.code(), "print(1)");
    assert_eq!(validated.sha256(), "d287bb7f9d15abdc5b6e98536263815744b6ef21c8f3c839fc434ca70d8efe99");
}

#[tokio::test]
async fn the_guest_says_no() {
    // result::err, failure::unsupported, and the first 5 bytes of the description's texts: `hollow`.
    let body = format!(
        "(i32.store8 (i32.const {RESULT}) (i32.const 1))
         (i32.store (i32.const {}) (i32.const 1080)) (i32.store (i32.const {}) (i32.const 6)) (i32.const {RESULT})",
        RESULT + 12,
        RESULT + 16
    );
    let plugin = plugin(Guest::with("plan", body), PluginConfig::default()).await;
    match plugin.plan(&outside(), &task()).await.unwrap_err() {
        Error::Failed(Failure::Unsupported(text)) => assert_eq!(text, "hollow"),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn the_guest_traps_and_the_next_call_is_fine() {
    let plugin = plugin(Guest::default(), PluginConfig::default()).await;
    match plugin.plan(&outside(), &task()).await.unwrap_err() {
        Error::Trapped { stage, reason, .. } => {
            assert_eq!(stage, Stage::Plan);
            assert!(reason.contains("unreachable"), "{reason}");
        }
        other => panic!("{other:?}"),
    }
    assert!(plugin.validate(&outside(), &task(), "").await.is_ok());
}

#[tokio::test]
async fn the_guest_uses_up_its_stack() {
    let guest = Guest {
        fields: "(func $down (param i32) (result i32) (i32.add (i32.const 1) (call $down (local.get 0))))".into(),
        ..Guest::with("validate", "(call $down (i32.const 0))")
    };
    let plugin = plugin(guest, PluginConfig::default()).await;
    let error = plugin.validate(&outside(), &task(), "((((").await.unwrap_err();
    assert!(matches!(error, Error::StackOverflow(Stage::Validate)), "{error:?}");
}

#[tokio::test]
async fn the_guest_uses_up_its_memory() {
    let body = "(loop $more (br_if $more (i32.ne (memory.grow (i32.const 16)) (i32.const -1)))) unreachable";
    let plugin = plugin(Guest::with("plan", body), limited(Limits { memory: 16 << 20, ..Limits::default() })).await;
    let error = plugin.plan(&outside(), &task()).await.unwrap_err();
    assert!(matches!(error, Error::OutOfMemory { stage: Stage::Plan, limit } if limit == 16 << 20), "{error:?}");
}

#[tokio::test]
async fn the_guest_computes_too_long_and_others_go_on_on_the_same_thread() {
    let limits = Limits { compute: Duration::from_millis(300), ..Limits::default() };
    let plugin = plugin(Guest::with("plan", "(loop $for_ever (br $for_ever)) unreachable"), limited(limits)).await;
    let start = Instant::now();
    let (cx, task) = (outside(), task());
    let neighbour = async {
        tokio::time::sleep(Duration::from_millis(50)).await;
        start.elapsed()
    };
    let (error, neighbour) = tokio::join!(plugin.plan(&cx, &task), neighbour);
    let error = error.unwrap_err();
    assert!(matches!(error, Error::OutOfTime { clock: Clock::Compute, .. }), "{error:?}");
    assert!(start.elapsed() >= Duration::from_millis(290), "{:?}", start.elapsed());
    assert!(neighbour < start.elapsed(), "the neighbour waited {neighbour:?}");
}

/// Asks the model and hands the host's answer back as its own failure.
fn asks_the_model() -> Guest {
    let body = format!(
        "(call $model (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 9) (i32.const {RESULT}))
         (i32.store8 (i32.const {}) (i32.const 2)) (i32.const {RESULT})",
        RESULT + 4
    );
    let import = "(import \"enginehouse:supervisor/codegen@0.1.0\" \"generate\"
        (func $model (param i32 i32 i32 i32 i32 i32)))";
    Guest { fields: import.into(), ..Guest::with("generate", body) }
}

#[tokio::test]
async fn a_host_function_takes_too_long() {
    let limits = Limits { wall_clock: Duration::from_millis(100), model: Duration::ZERO, ..Limits::default() };
    let plugin = plugin(asks_the_model(), limited(limits)).await;
    let error = plugin.generate(&outside(), &task(), &[]).await.unwrap_err();
    assert!(matches!(error, Error::OutOfTime { clock: Clock::Wall, stage: Stage::Generate, .. }), "{error:?}");
}

#[tokio::test]
async fn all_places_are_taken_and_then_free_again() {
    let limits = Limits {
        wall_clock: Duration::from_millis(400),
        model: Duration::ZERO,
        concurrent_calls: 1,
        patience: Duration::from_millis(50),
        ..Limits::default()
    };
    let plugin = plugin(asks_the_model(), limited(limits)).await;
    let (cx, task) = (outside(), task());
    let (slow, turned_away) = tokio::join!(plugin.generate(&cx, &task, &[]), plugin.validate(&cx, &task, ""));
    assert!(matches!(slow, Err(Error::OutOfTime { .. })), "{slow:?}");
    assert!(matches!(turned_away, Err(Error::Busy(1))), "{turned_away:?}");
    assert!(plugin.validate(&cx, &task, "").await.is_ok());
}

#[tokio::test]
async fn a_refusal_reaches_the_guest_as_an_error_and_not_as_a_trap() {
    // `head` outside an attempt; its result has the error where a failure has it, four bytes on.
    let body = format!(
        "(call $head (i32.const 1080) (i32.const 6) (i32.const {RESULT}))
         (i32.store8 (i32.const {}) (i32.const 2)) (i32.const {RESULT})",
        RESULT + 4
    );
    let import = "(import \"enginehouse:supervisor/objects@0.1.0\" \"head\" (func $head (param i32 i32 i32)))";
    let guest = Guest { fields: import.into(), ..Guest::with("generate", body) };
    let (runtime, recorder) = runtime();
    let plugin = runtime.load(guest.wasm().into(), PluginConfig::default()).await.unwrap();
    match plugin.generate(&outside(), &task(), &[]).await.unwrap_err() {
        Error::Failed(Failure::Host(HostError::Denied(text))) => assert!(text.contains("objects.head"), "{text}"),
        other => panic!("{other:?}"),
    }
    assert!(recorder.lines().is_empty());
}

#[tokio::test]
async fn the_guest_returns_too_much() {
    let findings = format!(
        "(i32.store (i32.const {RESULT}) (i32.const {})) (i32.store (i32.const {}) (i32.const 1001)) (i32.const {RESULT})",
        RESULT + 8,
        RESULT + 4
    );
    let one = plugin(Guest::with("validate", findings), PluginConfig::default()).await;
    let error = one.validate(&outside(), &task(), "").await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "the plugin returned what the contract forbids: findings: at most 1000 entries, and has 1001"
    );

    let bytes = format!(
        "(drop (memory.grow (i32.const 200)))
         (i32.store (i32.const {RESULT}) (i32.const {at})) (i32.store (i32.const {}) (i32.const 1))
         (i32.store (i32.const {}) (i32.const 0x30000)) (i32.store (i32.const {}) (i32.const 9000000)) (i32.const {RESULT})",
        RESULT + 4,
        RESULT + 8 + 12,
        RESULT + 8 + 16,
        at = RESULT + 8,
    );
    let many = plugin(Guest::with("validate", bytes), PluginConfig::default()).await;
    let error = many.validate(&outside(), &task(), "").await.unwrap_err();
    assert!(matches!(&error, Error::Invalid(value) if value.rule == "at most 8388608 bytes"), "{error:?}");
}

#[tokio::test]
async fn only_clean_code_for_the_same_task_plugin_and_settings_is_submitted() {
    let wasm = Guest::default().wasm();
    let (runtime, _) = runtime();
    let plain = runtime.load(wasm.clone().into(), PluginConfig::default()).await.unwrap();
    let settings = [("mode".to_owned(), "strict".to_owned())].into();
    let strict = runtime.load(wasm.into(), PluginConfig { settings, ..PluginConfig::default() }).await.unwrap();
    let (cx, attempt) = inside();
    let code = plain.validate(&cx, &task(), "print(1)").await.unwrap().validated.unwrap();

    let refused = strict.submit(&cx, &task(), &code, &attempt).await.unwrap_err();
    assert!(matches!(refused, Error::NotValidated), "{refused:?}");
    let mut other = task();
    other.prompt.push('!');
    let refused = plain.submit(&cx, &other, &code, &attempt).await.unwrap_err();
    assert!(matches!(refused, Error::NotValidated), "{refused:?}");
    // The guest's own `submit` traps: it was reached.
    let reached = plain.submit(&cx, &task(), &code, &attempt).await.unwrap_err();
    assert!(matches!(reached, Error::Trapped { stage: Stage::Submit, .. }), "{reached:?}");
}

#[tokio::test]
async fn code_with_an_error_is_never_fit_to_submit() {
    // One finding of the rule `T001`, severity error.
    let body = format!(
        "(i32.store (i32.const {RESULT}) (i32.const {at})) (i32.store (i32.const {}) (i32.const 1))
         (i32.store (i32.const {at}) (global.get $rule)) (i32.store (i32.const {}) (i32.const 4)) (i32.const {RESULT})",
        RESULT + 4,
        RESULT + 12,
        at = RESULT + 8,
    );
    let guest = Guest {
        fields: "(global $rule i32 (i32.const 512)) (data (i32.const 512) \"T001\")".into(),
        ..Guest::with("validate", body)
    };
    let plugin = plugin(guest, PluginConfig::default()).await;
    let report = plugin.validate(&outside(), &task(), "x").await.unwrap();
    assert_eq!(report.findings.len(), 1);
    assert_eq!(report.validated, None);
}

#[tokio::test]
async fn what_the_contract_forbids_is_refused_before_a_guest_sees_it() {
    let plugin = plugin(Guest::default(), PluginConfig::default()).await;
    let cases = [
        ("task: prompt", {
            let mut task = task();
            task.prompt = "x".repeat((64 << 10) + 1);
            task
        }),
        ("task: option `colour`", {
            let mut task = task();
            task.options.push(("colour".into(), "red".into()));
            task
        }),
    ];
    for (expected, task) in cases {
        match plugin.plan(&outside(), &task).await.unwrap_err() {
            Error::Input(value) => assert_eq!(value.what, expected),
            other => panic!("{other:?}"),
        }
    }
    let (cx, mut attempt) = inside();
    attempt.output = "s3://runs/other/".into();
    let error = plugin.poll(&cx, &attempt, "ticket").await.unwrap_err();
    assert!(matches!(&error, Error::Input(value) if value.what == "attempt: output"), "{error:?}");
    let error = plugin.poll(&outside(), &attempt, "ticket").await.unwrap_err();
    assert!(matches!(&error, Error::Input(value) if value.what == "attempt"), "{error:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_calls_run_at_once_on_all_threads() {
    let plugin = Arc::new(plugin(Guest::default(), PluginConfig::default()).await);
    let calls: Vec<_> = (0..500)
        .map(|number| {
            let plugin = Arc::clone(&plugin);
            tokio::spawn(async move { plugin.validate(&outside(), &task(), &number.to_string()).await })
        })
        .collect();
    for (number, call) in calls.into_iter().enumerate() {
        assert_eq!(call.await.unwrap().unwrap().validated.unwrap().code(), number.to_string());
    }
}
