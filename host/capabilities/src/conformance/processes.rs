//! What every place that runs programs promises.

use std::time::{Duration, Instant};

use crate::{CallContext, Error, LogChunk, ProcessOutput, ProcessState, Processes, Program, Token};

/// Checks the promises of [`Processes`] that hold whatever lies below, with small Python programs on `engine`. `context`
/// gives a new attempt, with inputs that are there, each time. Pauses its thread between two looks.
pub async fn processes(adapter: &dyn Processes, engine: &str, context: &(dyn Fn() -> CallContext + Sync)) {
    adapter.probe(engine).await.unwrap();
    assert!(
        matches!(adapter.probe("no-such-engine").await, Err(Error::Unconfigured(_))),
        "`probe` knows what is missing"
    );
    refuses(adapter, engine, context()).await;
    runs_once(adapter, engine, context()).await;
    keeps_the_status(adapter, engine, context()).await;
    cancels(adapter, engine, context()).await;
    cancels_what_is_still_to_come(adapter, engine, context()).await;
    ends_in_time(adapter, engine, context()).await;
}

async fn refuses(adapter: &dyn Processes, engine: &str, cx: CallContext) {
    let (program, own) = program(&cx, engine, "print('never')");
    let without = CallContext { attempt: None, ..cx.clone() };
    assert!(matches!(adapter.start(&without, program.clone()).await, Err(Error::Invalid(_))), "no attempt");
    let foreign: Token = format!("x{}", own.as_str()).parse().unwrap();
    let other = Program { token: foreign, ..program.clone() };
    assert!(matches!(adapter.start(&cx, other).await, Err(Error::Denied(_))), "another attempt's token");
    let other = Program { engine: "no-such-engine".into(), ..program.clone() };
    assert!(matches!(adapter.start(&cx, other).await, Err(Error::Unconfigured(_))), "an engine that is not there");
    let other = Program { code: "#".repeat((1 << 20) + 1), ..program };
    assert!(matches!(adapter.start(&cx, other).await, Err(Error::Invalid(_))), "code of more than 1 MiB");
    assert!(matches!(adapter.check(&own).await, Err(Error::NotFound(_))), "what was refused has not begun");
    let log = adapter.log(&own, ProcessOutput::Stdout, 0).await;
    assert!(matches!(log, Err(Error::NotFound(_))), "nothing printed by nothing");
    adapter.remove(&own).await.unwrap();
}

async fn runs_once(adapter: &dyn Processes, engine: &str, cx: CallContext) {
    let (mut program, token) = program(&cx, engine, "print(greeting)");
    program.prelude = "greeting = 'hällo'".into();
    adapter.start(&cx, program.clone()).await.unwrap();
    adapter.start(&cx, program.clone()).await.unwrap();
    assert_eq!(end(adapter, &token).await, ProcessState::Exited(0));
    adapter.start(&cx, program.clone()).await.unwrap();
    assert_eq!(printed(adapter, &token).await, "hällo\n", "a token starts one program once");
    let other = Program { code: "print('other')".into(), ..program };
    assert!(matches!(adapter.start(&cx, other).await, Err(Error::Conflict(_))), "another program, the same token");
    adapter.cancel(&token).await.unwrap();
    assert_eq!(end(adapter, &token).await, ProcessState::Exited(0), "the end is the end");
    adapter.remove(&token).await.unwrap();
    assert!(matches!(adapter.check(&token).await, Err(Error::NotFound(_))), "`remove` forgets");
}

async fn keeps_the_status(adapter: &dyn Processes, engine: &str, cx: CallContext) {
    let (program, token) = program(&cx, engine, "import sys\nprint('before')\nsys.exit(3)");
    adapter.start(&cx, program).await.unwrap();
    assert_eq!(end(adapter, &token).await, ProcessState::Exited(3));
    assert_eq!(printed(adapter, &token).await, "before\n");
    adapter.remove(&token).await.unwrap();
}

async fn cancels(adapter: &dyn Processes, engine: &str, cx: CallContext) {
    let (program, token) = program(&cx, engine, "import time\ntime.sleep(1000)");
    adapter.start(&cx, program).await.unwrap();
    assert!(!adapter.check(&token).await.unwrap().is_final());
    assert!(matches!(adapter.remove(&token).await, Err(Error::Conflict(_))), "what runs is not forgotten");
    adapter.cancel(&token).await.unwrap();
    assert_eq!(end(adapter, &token).await, ProcessState::Stopped("cancelled".into()));
    adapter.remove(&token).await.unwrap();
}

async fn cancels_what_is_still_to_come(adapter: &dyn Processes, engine: &str, cx: CallContext) {
    let (program, token) = program(&cx, engine, "print('never')");
    let cancelled = ProcessState::Stopped("cancelled".into());
    for _ in 0..2 {
        adapter.cancel(&token).await.unwrap();
        assert_eq!(adapter.check(&token).await.unwrap(), cancelled, "known without a program");
    }
    adapter.start(&cx, program.clone()).await.unwrap();
    adapter.start(&cx, Program { code: "print('nor this')".into(), ..program }).await.unwrap();
    assert_eq!(adapter.check(&token).await.unwrap(), cancelled, "a token that was cancelled starts nothing");
    assert_eq!(printed(adapter, &token).await, "");
    adapter.remove(&token).await.unwrap();
    assert!(matches!(adapter.check(&token).await, Err(Error::NotFound(_))), "`remove` forgets that too");
}

async fn ends_in_time(adapter: &dyn Processes, engine: &str, cx: CallContext) {
    let (mut program, token) = program(&cx, engine, "import time\ntime.sleep(1000)");
    program.timeout = Duration::from_secs(1);
    adapter.start(&cx, program).await.unwrap();
    assert_eq!(end(adapter, &token).await, ProcessState::Stopped("time".into()));
    adapter.remove(&token).await.unwrap();
}

fn program(cx: &CallContext, engine: &str, code: &str) -> (Program, Token) {
    let Some(attempt) = &cx.attempt else { panic!("the context of this suite has an attempt") };
    let token = attempt.token.clone();
    let timeout = Duration::from_secs(200);
    let program =
        Program { token: token.clone(), engine: engine.into(), prelude: String::new(), code: code.into(), timeout };
    (program, token)
}

async fn end(adapter: &dyn Processes, token: &Token) -> ProcessState {
    let begun = Instant::now();
    loop {
        let state = adapter.check(token).await.unwrap();
        if state.is_final() {
            return state;
        }
        assert!(begun.elapsed() < Duration::from_secs(240), "still {state:?}");
        std::thread::sleep(Duration::from_millis(30));
    }
}

async fn printed(adapter: &dyn Processes, token: &Token) -> String {
    let (mut text, mut after) = (String::new(), 0);
    loop {
        let piece = adapter.log(token, ProcessOutput::Stdout, after).await.unwrap();
        assert!(piece.text.len() <= LogChunk::MAX_BYTES, "at most 256 KiB");
        text.push_str(&piece.text);
        if piece.end {
            return text;
        }
        assert!(piece.next > after, "the log of a program that has ended has an end");
        after = piece.next;
    }
}
