//! What a step promises.

use enginehouse::store::{Error, RunState, Step};
use serde_json::json;
use uuid::Uuid;

use crate::fresh::{Fresh, a_run, draft, to};

pub(crate) async fn a_step_changes_row_attempt_and_journal_together(fresh: &Fresh) {
    let store = fresh.open().await;
    let (host, run) = a_run(&store).await;
    let step = Step { draft: Some(draft(1)), ..to(RunState::Validating) };
    store.step(run, host, RunState::Queued, step).await.unwrap();
    let step = Step {
        findings: Some((Vec::new(), "digest".into())),
        entries: vec![("validated", json!({ "errors": 0 }))],
        ..to(RunState::Submitting)
    };
    store.step(run, host, RunState::Validating, step).await.unwrap();

    let row = store.run(run).await.unwrap().unwrap();
    assert_eq!((row.state, row.attempt, row.finished_at), (RunState::Submitting, 1, None));
    assert!(row.submitted_at.is_some() && row.began_at.is_none());
    let attempts = store.attempts(run).await.unwrap();
    assert_eq!((attempts[0].findings.as_deref(), attempts[0].digest.as_deref()), (Some(&[][..]), Some("digest")));
    let journal = store.journal(run, 0).await.unwrap();
    assert_eq!(journal.iter().map(|entry| entry.seq).collect::<Vec<_>>(), [1, 2, 3, 4]);
    assert_eq!((journal[2].kind.as_str(), &journal[2].data["errors"]), ("validated", &json!(0)));
    assert_eq!(journal[3].data["state"], "submitting");
    assert_eq!(store.journal(run, 2).await.unwrap(), journal[2..]);
}

pub(crate) async fn a_step_from_another_state_changes_nothing(fresh: &Fresh) {
    let store = fresh.open().await;
    let (host, run) = a_run(&store).await;
    store.step(run, host, RunState::Queued, to(RunState::Generating)).await.unwrap();
    let late = Step { draft: Some(draft(1)), ..to(RunState::Validating) };
    let refused = store.step(run, host, RunState::Queued, late).await;
    assert!(matches!(refused, Err(Error::Moved(moved)) if moved == run), "{refused:?}");
    assert_eq!(store.run(run).await.unwrap().unwrap().state, RunState::Generating);
    assert!(store.attempts(run).await.unwrap().is_empty());
    assert_eq!(store.journal(run, 0).await.unwrap().len(), 2);
}

pub(crate) async fn a_step_of_another_host_changes_nothing(fresh: &Fresh) {
    let store = fresh.open().await;
    let (host, run) = a_run(&store).await;
    let other = Uuid::now_v7();
    store.beat(other).await.unwrap();
    let refused = store.step(run, other, RunState::Queued, to(RunState::Generating)).await;
    assert!(matches!(refused, Err(Error::Moved(_))), "{refused:?}");
    store.leave(host).await.unwrap();
    assert_eq!(store.take_over(other, 10).await.unwrap(), [(run, "me".to_owned())]);
    let refused = store.step(run, host, RunState::Queued, to(RunState::Generating)).await;
    assert!(matches!(refused, Err(Error::Moved(_))), "{refused:?}");
    store.step(run, other, RunState::Queued, to(RunState::Generating)).await.unwrap();
}

pub(crate) async fn a_new_attempt_leaves_the_work_of_the_one_before(fresh: &Fresh) {
    let store = fresh.open().await;
    let (host, run) = a_run(&store).await;
    let steps = [
        (RunState::Queued, Step { draft: Some(draft(1)), ..to(RunState::Validating) }),
        (RunState::Validating, to(RunState::Submitting)),
        (RunState::Submitting, Step { ticket: Some("first".into()), ..to(RunState::Running) }),
        (RunState::Running, Step { began: true, ..Step::default() }),
        (RunState::Running, to(RunState::Generating)),
    ];
    for (from, step) in steps {
        store.step(run, host, from, step).await.unwrap();
    }
    let before = store.run(run).await.unwrap().unwrap();
    assert_eq!(before.ticket.as_deref(), Some("first"));
    assert!(before.submitted_at.is_some() && before.began_at.is_some());
    let step = Step { draft: Some(draft(2)), ..to(RunState::Validating) };
    store.step(run, host, RunState::Generating, step).await.unwrap();
    let after = store.run(run).await.unwrap().unwrap();
    assert_eq!((after.attempt, after.ticket, after.submitted_at, after.began_at), (2, None, None, None));
    assert_eq!(after.started_at, before.started_at);
}

pub(crate) async fn notes_and_steps_at_once_leave_no_gap(fresh: &Fresh) {
    let store = fresh.open().await;
    let (host, run) = a_run(&store).await;
    let notes = (0..40).map(|number| {
        let store = store.clone();
        tokio::spawn(async move { store.append(run, "note", &json!({ "number": number })).await })
    });
    let steps = (0..40).map(|number| {
        let store = store.clone();
        let entries = vec![("progress", json!({ "step": number })), ("progress", json!({ "step": number }))];
        tokio::spawn(async move { store.step(run, host, RunState::Queued, Step { entries, ..Step::default() }).await })
    });
    for written in notes.chain(steps).collect::<Vec<_>>() {
        written.await.unwrap().unwrap();
    }
    let journal = store.journal(run, 0).await.unwrap();
    assert_eq!(journal.iter().map(|entry| entry.seq).collect::<Vec<_>>(), (1..=121).collect::<Vec<_>>());
}

pub(crate) async fn what_has_ended_is_not_cancelled_noted_or_stepped(fresh: &Fresh) {
    let store = fresh.open().await;
    let (host, ended) = a_run(&store).await;
    let (_, open) = a_run(&store).await;
    store.step(ended, host, RunState::Queued, to(RunState::Failed)).await.unwrap();
    let entries = store.journal(ended, 0).await.unwrap();
    for run in [ended, open] {
        store.request_cancel(run).await.unwrap();
        store.append(run, "note", &json!({})).await.unwrap();
    }
    let row = store.run(ended).await.unwrap().unwrap();
    assert!(!row.cancel_requested && row.finished_at.is_some());
    assert_eq!(store.journal(ended, 0).await.unwrap(), entries);
    assert!(store.run(open).await.unwrap().unwrap().cancel_requested);
    assert_eq!(store.journal(open, 0).await.unwrap().len(), 2);
    store.leave(host).await.unwrap();
    assert_eq!(store.take_over(Uuid::now_v7(), 10).await.unwrap(), []);
}

pub(crate) async fn approval_is_for_a_run_that_waits(fresh: &Fresh) {
    let store = fresh.open().await;
    let (host, run) = a_run(&store).await;
    assert!(!store.approve(run, "00").await.unwrap());
    store.step(run, host, RunState::Queued, to(RunState::AwaitingApproval)).await.unwrap();
    assert!(store.approve(run, "00").await.unwrap());
    assert_eq!(store.run(run).await.unwrap().unwrap().approved.as_deref(), Some("00"));
}
