//! What every service that runs batches promises.

use std::time::{Duration, Instant};

use uuid::Uuid;

use crate::{Batch, BatchOutput, BatchRequest, BatchState, Batches, CallContext, Error, LogChunk, ObjectUri, Token};

/// Checks the promises of [`Batches`] on `target`, where `script` is one that ends well by itself, and not before it was looked at
/// once. `context` gives a new attempt each time. Pauses its thread between two looks.
pub async fn batches(
    adapter: &dyn Batches,
    target: &str,
    script: &ObjectUri,
    context: &(dyn Fn() -> CallContext + Sync),
) {
    refuses(adapter, target, script, context()).await;
    runs_once(adapter, target, script, context()).await;
    cancels(adapter, target, script, context()).await;
    knows_what_it_started(adapter, target).await;
}

async fn refuses(adapter: &dyn Batches, target: &str, script: &ObjectUri, cx: CallContext) {
    let request = request(&cx, target, script);
    let without = CallContext { attempt: None, ..cx.clone() };
    assert!(matches!(adapter.start(&without, request.clone()).await, Err(Error::Denied(_))), "no attempt");
    let foreign = BatchRequest { token: Token::of_attempt(Uuid::from_u128(1), 1), ..request.clone() };
    assert!(matches!(adapter.start(&cx, foreign).await, Err(Error::Denied(_))), "another attempt's token");
    let nowhere = BatchRequest { target: "no-such-place".into(), ..request.clone() };
    let told = adapter.start(&cx, nowhere).await;
    assert!(matches!(&told, Err(Error::Unconfigured(text)) if text.contains(target)), "{told:?}");
    for value in ["a\nb", "\" --class Evil \"", "'", "\\"] {
        let evil = BatchRequest { properties: vec![("engine.x".into(), value.into())], ..request.clone() };
        match adapter.start(&cx, evil).await {
            Err(Error::Invalid(text)) => assert!(text.contains("engine.x"), "{text}"),
            other => panic!("{value:?} cannot be said: {other:?}"),
        }
    }
}

async fn runs_once(adapter: &dyn Batches, target: &str, script: &ObjectUri, cx: CallContext) {
    let request = request(&cx, target, script);
    let id = adapter.start(&cx, request.clone()).await.unwrap();
    assert_eq!(adapter.start(&cx, request.clone()).await.unwrap(), id, "a token starts one batch");
    let other = BatchRequest { arguments: vec!["other".into()], ..request.clone() };
    assert!(matches!(adapter.start(&cx, other).await, Err(Error::Conflict(_))), "another request, the same token");
    let ended = end(adapter, target, &id).await;
    assert_eq!((ended.id.as_str(), ended.state), (id.as_str(), BatchState::Succeeded), "{}", ended.detail);
    assert!(!ended.detail.is_empty(), "the service's own word is told");
    for hours in [ended.vcpu_hours, ended.memory_gb_hours].into_iter().flatten() {
        assert!(hours.is_finite() && hours >= 0.0, "{hours}");
    }
    adapter.cancel(target, &id).await.unwrap_or_else(|e| panic!("to cancel what has ended is no error: {e}"));
    assert_eq!(adapter.get(target, &id).await.unwrap().state, BatchState::Succeeded, "the end is the end");
    assert_eq!(adapter.start(&cx, request).await.unwrap(), id, "nor does a token start one after the end");
    for output in [BatchOutput::Stdout, BatchOutput::Stderr] {
        log(adapter, target, &id, output).await;
    }
}

async fn cancels(adapter: &dyn Batches, target: &str, script: &ObjectUri, cx: CallContext) {
    let id = adapter.start(&cx, request(&cx, target, script)).await.unwrap();
    adapter.cancel(target, &id).await.unwrap();
    adapter.cancel(target, &id).await.unwrap();
    assert_eq!(end(adapter, target, &id).await.state, BatchState::Cancelled);
    adapter.cancel(target, &id).await.unwrap();
}

async fn knows_what_it_started(adapter: &dyn Batches, target: &str) {
    let stdout = BatchOutput::Stdout;
    let unknown = "00fnone";
    assert!(matches!(adapter.get(target, unknown).await, Err(Error::NotFound(_))));
    assert!(matches!(adapter.cancel(target, unknown).await, Err(Error::NotFound(_))));
    assert!(matches!(adapter.log(target, unknown, stdout, 0).await, Err(Error::NotFound(_))));
    for id in ["", "../x", "a/b", "A", "é", &"0".repeat(65)] {
        assert!(matches!(adapter.get(target, id).await, Err(Error::Invalid(_))), "{id:?}");
        assert!(matches!(adapter.cancel(target, id).await, Err(Error::Invalid(_))), "{id:?}");
        assert!(matches!(adapter.log(target, id, stdout, 0).await, Err(Error::Invalid(_))), "{id:?}");
    }
    let id = "00f1";
    assert!(matches!(adapter.get("no-such-place", id).await, Err(Error::Unconfigured(_))));
    assert!(matches!(adapter.cancel("no-such-place", id).await, Err(Error::Unconfigured(_))));
    assert!(matches!(adapter.log("no-such-place", id, stdout, 0).await, Err(Error::Unconfigured(_))));
}

fn request(cx: &CallContext, target: &str, script: &ObjectUri) -> BatchRequest {
    let Some(attempt) = &cx.attempt else { panic!("the context of this suite has an attempt") };
    BatchRequest {
        token: attempt.token.clone(),
        target: target.into(),
        name: "conformance".into(),
        entry_point: script.clone(),
        arguments: vec![],
        properties: vec![("engine.instances".into(), "2".into())],
        jars: vec![],
        timeout_minutes: 10,
    }
}

async fn end(adapter: &dyn Batches, target: &str, id: &str) -> Batch {
    let begun = Instant::now();
    loop {
        let batch = adapter.get(target, id).await.unwrap();
        if matches!(batch.state, BatchState::Succeeded | BatchState::Failed | BatchState::Cancelled) {
            return batch;
        }
        assert!(begun.elapsed() < Duration::from_secs(600), "still {batch:?}");
        std::thread::sleep(Duration::from_millis(30));
    }
}

/// All of the log of a batch that has ended.
async fn log(adapter: &dyn Batches, target: &str, id: &str, output: BatchOutput) -> String {
    let (mut text, mut after) = (String::new(), 0);
    loop {
        let piece = adapter.log(target, id, output, after).await.unwrap();
        assert!(piece.text.len() <= LogChunk::MAX_BYTES, "at most 256 KiB");
        text.push_str(&piece.text);
        if piece.end {
            return text;
        }
        assert!(piece.next > after, "the log of a batch that has ended has an end");
        after = piece.next;
    }
}
