//! Guests that no toolchain makes: written by hand.

use std::{fmt::Write as _, time::Duration};

use enginehouse_runtime::{Clock, Error, Limits, LoadError, PluginConfig, Stage};
use futures::future::join_all;

use crate::{
    common::{limited, outside, task},
    computing::short,
    guest::{Guest, RESULT},
    trial::{RUNTIME, Trial, contained, within},
};

fn trial(fields: &str, export: &'static str, body: impl Into<String>) -> Trial {
    Trial::new(Guest { fields: fields.into(), ..Guest::with(export, body) }.wasm())
}

#[tokio::test]
async fn a_start_function_loops() {
    let guest = Guest { fields: "(func $go (loop $ever (br $ever))) (start $go)".into(), ..Guest::default() };
    contained(Trial::new(guest.wasm()), async |trial: &Trial| {
        let _compiled = trial.try_load(short()).await;
        let error = within(short().limits.compute, trial.try_load(short())).await.unwrap_err();
        assert!(
            matches!(&error, LoadError::Describe(why) if matches!(**why, Error::OutOfTime { clock: Clock::Compute, .. })),
            "{error:?}"
        );
    })
    .await;
}

/// Nothing in it goes back, and nothing is called: time is looked at within the instructions.
#[tokio::test]
async fn long_instructions_in_one_row() {
    let fill = "(memory.fill (i32.const 0x30000) (i32.const 0) (i32.const 0xC00000))".repeat(3_000);
    let guest = Guest { pages: 900, ..Guest::with("plan", format!("{fill} unreachable")) };
    contained(Trial::new(guest.wasm()), async |trial: &Trial| {
        let plugin = trial.load(short()).await;
        let error = within(short().limits.compute, plugin.plan(&outside(), &task())).await.unwrap_err();
        assert!(matches!(error, Error::OutOfTime { stage: Stage::Plan, clock: Clock::Compute, .. }), "{error:?}");
    })
    .await;
}

#[tokio::test]
async fn tables_grow() {
    let fields = "(table $one 1 funcref) (table $two 1 funcref)";
    let grow = |table| {
        format!(
            "(loop $more (br_if $more (i32.ne (table.grow ${table} (ref.null func) (i32.const 512)) (i32.const -1))))"
        )
    };
    let body = format!("{} {} unreachable", grow("one"), grow("two"));
    contained(trial(fields, "plan", body), async |trial: &Trial| {
        let plugin = trial.load(PluginConfig::default()).await;
        let error = within(Limits::default().compute, plugin.plan(&outside(), &task())).await.unwrap_err();
        assert!(matches!(error, Error::OutOfMemory { stage: Stage::Plan, .. }), "{error:?}");
    })
    .await;
}

/// A thousand findings, whose texts are all the same mebibyte of the guest's memory: to the host, that is a gibibyte.
#[tokio::test]
async fn a_gibibyte_out_of_a_mebibyte() {
    // A finding takes 52 bytes, its message's address and length at 12 and 16.
    let body = format!(
        "(local $at i32) (local.set $at (i32.const 0x20000))
         (loop $next
           (i32.store offset=12 (local.get $at) (i32.const 0x30000))
           (i32.store offset=16 (local.get $at) (i32.const 0x100000))
           (local.set $at (i32.add (local.get $at) (i32.const 52)))
           (br_if $next (i32.lt_u (local.get $at) (i32.const {}))))
         (i32.store (i32.const {RESULT}) (i32.const 0x20000)) (i32.store offset=4 (i32.const {RESULT}) (i32.const 1000))
         (i32.const {RESULT})",
        0x2_0000 + 52 * 1_000
    );
    let guest = Guest { pages: 64, ..Guest::with("validate", body) };
    contained(Trial::new(guest.wasm()), async |trial: &Trial| too_much(trial).await).await;
}

#[tokio::test]
async fn a_list_longer_than_the_memory() {
    let body = format!(
        "(i32.store (i32.const {RESULT}) (i32.const 8)) (i32.store offset=4 (i32.const {RESULT}) (i32.const 0x4000000))
         (i32.const {RESULT})"
    );
    contained(trial("", "validate", body), async |trial: &Trial| {
        let plugin = trial.load(PluginConfig::default()).await;
        let error = plugin.validate(&outside(), &task(), "").await.unwrap_err();
        assert!(matches!(error, Error::Trapped { .. } | Error::Invalid(_)), "{error:?}");
    })
    .await;
}

async fn too_much(trial: &Trial) {
    let plugin = trial.load(PluginConfig::default()).await;
    match within(Limits::default().compute, plugin.validate(&outside(), &task(), "")).await.unwrap_err() {
        Error::Invalid(value) => assert_eq!(value.what, "what it handed over in one go"),
        other => panic!("{other:?}"),
    }
}

/// Places for memories and tables are counted over all plugins: one plugin must not take what another needs.
#[tokio::test]
async fn many_memories_in_many_calls() {
    let import = "(import \"enginehouse:supervisor/codegen@0.1.0\" \"generate\"
        (func $model (param i32 i32 i32 i32 i32 i32)))";
    let body = format!(
        "(call $model (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 9) (i32.const {RESULT})) unreachable"
    );
    let guest = Guest { fields: import.into(), ..Guest::with("generate", body) };
    let wall_clock = Duration::from_millis(500);
    let trial = Trial::new(with_more(guest.wasm(), 3)).with_slow_model(Duration::from_secs(60));
    assert!(RUNTIME.is_pooled(), "there is nothing to take");
    contained(trial, async |trial: &Trial| {
        let plugin = trial.load(limited(Limits { wall_clock, model: Duration::ZERO, ..Limits::default() })).await;
        let (cx, task) = (outside(), task());
        let calls = (0..plugin.limits().concurrent_calls).map(|_| plugin.generate(&cx, &task, &[]));
        for answer in within(wall_clock, join_all(calls)).await {
            let error = answer.unwrap_err();
            assert!(matches!(error, Error::OutOfTime { clock: Clock::Wall, .. }), "{error:?}");
        }
    })
    .await;
}

/// One that has more of them than a plugin may have does not even load.
#[tokio::test]
async fn too_many_memories() {
    contained(Trial::new(with_more(Guest::default().wasm(), 4)), async |trial: &Trial| {
        let error = trial.refused().await;
        assert!(error.to_string().contains("memor"), "{error}");
    })
    .await;
}

/// The component with so many memories and tables more, each in an instance of its own.
fn with_more(component: Vec<u8>, instances: u8) -> Vec<u8> {
    const MODULE: u8 = 1;
    const INSTANCES: u8 = 2;
    let sections = sections(&component);
    let number = u8::try_from(sections.iter().filter(|section| **section == MODULE).count()).unwrap();
    let module = wat::parse_str("(module (memory 1) (table 1 funcref))").unwrap();
    let made = [0, number, 0].repeat(instances.into());
    let section = |id: u8, bytes: &[u8]| [&[id, u8::try_from(bytes.len()).unwrap()], bytes].concat();
    [component, section(MODULE, &module), section(INSTANCES, &[&[instances], &made[..]].concat())].concat()
}

/// What the sections of a component hold.
fn sections(component: &[u8]) -> Vec<u8> {
    let (mut found, mut at) = (Vec::new(), 8);
    while at < component.len() {
        found.push(component[at]);
        let digits = component[at + 1..].iter().take_while(|byte| **byte >= 0x80).count() + 1;
        let size =
            component[at + 1..][..digits].iter().rev().fold(0, |size, byte| size << 7 | usize::from(byte & 0x7f));
        at += 1 + digits + size;
    }
    found
}

/// The name of a function stands in the text of a trap, and C++ writes long names short.
#[tokio::test]
async fn a_name_that_unfolds() {
    // A<int, int>, then A of that and that, and so on: each is twice as long as the one before.
    let mut name = "_Z1f1AIiiE".to_owned();
    for number in 0..35 {
        let digit = char::from_digit(number, 36).unwrap().to_ascii_uppercase();
        write!(name, "S_IS{digit}_S{digit}_E").unwrap();
    }
    let fields = format!("(func ${name} unreachable)");
    contained(trial(&fields, "plan", format!("(call ${name}) unreachable")), async |trial: &Trial| {
        let plugin = trial.load(short()).await;
        match within(short().limits.compute, plugin.plan(&outside(), &task())).await.unwrap_err() {
            Error::Trapped { backtrace, .. } => assert!(backtrace.len() <= 64 << 10, "{} bytes", backtrace.len()),
            other => panic!("{other:?}"),
        }
    })
    .await;
}

/// So may a name that is just long.
#[tokio::test]
async fn a_long_name() {
    let name = "n".repeat(90_000);
    let fields = format!(
        "(func ${name} (param i32) (if (local.get 0) (then (call ${name} (i32.sub (local.get 0) (i32.const 1))))) unreachable)"
    );
    contained(trial(&fields, "plan", format!("(call ${name} (i32.const 100)) unreachable")), async |trial: &Trial| {
        let plugin = trial.load(short()).await;
        match within(short().limits.compute, plugin.plan(&outside(), &task())).await.unwrap_err() {
            Error::Trapped { backtrace, .. } => assert!(backtrace.len() <= 64 << 10, "{} bytes", backtrace.len()),
            other => panic!("{other:?}"),
        }
    })
    .await;
}
