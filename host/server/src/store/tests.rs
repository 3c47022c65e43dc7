//! The store over a real file.

use enginehouse_runtime::Task;
use uuid::Uuid;

use super::*;

async fn open() -> (tempfile::TempDir, Store) {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&folder.path().join("x.sqlite")).await.unwrap();
    (folder, store)
}

fn request() -> RunRequest {
    RunRequest {
        task: Task {
            prompt: "count rows".into(),
            sources: Vec::new(),
            output: None,
            platform: None,
            places: Vec::new(),
            options: Vec::new(),
        },
        code: None,
        generate_only: false,
        overwrite: false,
        max_attempts: 3,
        timeout_seconds: 60,
    }
}

fn draft(number: u32) -> AttemptRow {
    AttemptRow {
        number,
        code: "x = 1".into(),
        sha256: "00".into(),
        author: "caller".into(),
        notes: vec!["a note".into()],
        findings: None,
        digest: None,
        failure: None,
        created_at: 0,
    }
}

fn to(state: RunState) -> Step {
    Step { state: Some(state), ..Step::default() }
}

#[tokio::test]
async fn a_step_changes_row_attempt_and_journal_together() {
    let (_folder, store) = open().await;
    let id = store.add_run(Uuid::now_v7(), "me", "spark", &request(), None).await.unwrap();
    let step = Step { draft: Some(draft(1)), ..to(RunState::Validating) };
    store.step(id, RunState::Queued, step).await.unwrap();
    let step = Step { findings: Some((Vec::new(), "digest".into())), ..to(RunState::Submitting) };
    store.step(id, RunState::Validating, step).await.unwrap();

    let row = store.run(id).await.unwrap().unwrap();
    assert_eq!((row.state, row.attempt, row.finished_at), (RunState::Submitting, 1, None));
    let attempts = store.attempts(id).await.unwrap();
    assert_eq!((attempts[0].findings.as_deref(), attempts[0].digest.as_deref()), (Some(&[][..]), Some("digest")));
    let journal = store.journal(id, 0).await.unwrap();
    assert_eq!(journal.iter().map(|entry| entry.seq).collect::<Vec<_>>(), [1, 2, 3]);
    assert_eq!(journal[2].data["state"], "submitting");
    assert_eq!(store.journal(id, 2).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_step_from_another_state_changes_nothing() {
    let (_folder, store) = open().await;
    let id = store.add_run(Uuid::now_v7(), "me", "spark", &request(), None).await.unwrap();
    store.step(id, RunState::Queued, to(RunState::Generating)).await.unwrap();
    let late = Step { draft: Some(draft(1)), ..to(RunState::Validating) };
    assert!(matches!(store.step(id, RunState::Queued, late).await, Err(Error::Moved(moved)) if moved == id));
    assert_eq!(store.run(id).await.unwrap().unwrap().state, RunState::Generating);
    assert!(store.attempts(id).await.unwrap().is_empty());
    assert_eq!(store.journal(id, 0).await.unwrap().len(), 2);
}

#[tokio::test]
async fn what_has_ended_is_not_taken_up_and_not_cancelled() {
    let (_folder, store) = open().await;
    let ended = store.add_run(Uuid::now_v7(), "me", "spark", &request(), None).await.unwrap();
    let open = store.add_run(Uuid::now_v7(), "me", "spark", &request(), None).await.unwrap();
    store.step(ended, RunState::Queued, to(RunState::Failed)).await.unwrap();
    assert_eq!(store.unfinished().await.unwrap(), [open]);
    for id in [ended, open] {
        store.request_cancel(id).await.unwrap();
    }
    assert!(!store.run(ended).await.unwrap().unwrap().cancel_requested);
    assert!(store.run(open).await.unwrap().unwrap().cancel_requested);
}

#[tokio::test]
async fn a_key_makes_one_run() {
    let (_folder, store) = open().await;
    let first = store.add_run(Uuid::now_v7(), "me", "spark", &request(), Some("k")).await.unwrap();
    let second = store.add_run(Uuid::now_v7(), "me", "spark", &request(), Some("k")).await.unwrap();
    assert_eq!(first, second);
    let all = store.runs(&RunFilter { limit: 10, ..RunFilter::default() }).await.unwrap();
    assert_eq!(all.len(), 1);
}

#[tokio::test]
async fn lists_are_filtered_and_paged_the_newest_first() {
    let (_folder, store) = open().await;
    let mut ids = Vec::new();
    for session in ["a", "b", "a", "a"] {
        ids.push(store.add_run(Uuid::now_v7(), session, "spark", &request(), None).await.unwrap());
    }
    let filter = RunFilter { session: Some("a".into()), limit: 2, ..RunFilter::default() };
    let page: Vec<_> = store.runs(&filter).await.unwrap().iter().map(|row| row.id).collect();
    assert_eq!(page, [ids[3], ids[2]]);
    let next = RunFilter { before: Some(ids[2]), ..filter };
    let page: Vec<_> = store.runs(&next).await.unwrap().iter().map(|row| row.id).collect();
    assert_eq!(page, [ids[0]]);
}

#[tokio::test]
async fn a_newer_schema_is_refused() {
    let (folder, store) = open().await;
    let newer = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
                 VALUES (9999, 'from the future', TRUE, x'00', 0)";
    sqlx::query(newer).execute(&store.pool).await.unwrap();
    let opened = Store::open(&folder.path().join("x.sqlite")).await;
    assert!(matches!(opened, Err(Error::Schema(_))), "{opened:?}");
}
