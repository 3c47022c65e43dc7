//! What is found again, and how.

use enginehouse::store::{Error, NewRunRow, RunFilter, RunState, SourceRef, Store};
use enginehouse_runtime::ObjectSource;
use uuid::Uuid;

use crate::fresh::{Fresh, a_run, draft, new_run, to};

fn keyed(host: Uuid, key: &str, hash: &str) -> NewRunRow {
    NewRunRow { key: Some((key.to_owned(), hash.to_owned())), ..new_run(host) }
}

fn writing_to(host: Uuid, output: &str) -> NewRunRow {
    let mut new = new_run(host);
    new.request.task.output = Some(output.to_owned());
    new
}

pub(crate) async fn a_key_makes_one_run_of_one_request(fresh: &Fresh) {
    let store = fresh.open().await;
    let host = Uuid::now_v7();
    let (first, is_new) = store.add_run(keyed(host, "k", "1")).await.unwrap();
    assert!(is_new);
    assert_eq!(store.add_run(keyed(host, "k", "1")).await.unwrap(), (first, false));
    let other = store.add_run(keyed(host, "k", "2")).await;
    assert!(matches!(other, Err(Error::KeyTaken(run)) if run == first), "{other:?}");
    assert_eq!(all(&store).await, [first]);
    assert_eq!(store.made_by("k", "1").await.unwrap(), Some(first));
    assert_eq!(store.made_by("other", "1").await.unwrap(), None);
    assert!(matches!(store.made_by("k", "2").await, Err(Error::KeyTaken(_))));
}

pub(crate) async fn many_at_once_with_one_key_make_one_run(fresh: &Fresh) {
    let store = fresh.open().await;
    let host = Uuid::now_v7();
    let made: Vec<_> = (0..20)
        .map(|_| {
            let store = store.clone();
            tokio::spawn(async move { store.add_run(keyed(host, "k", "1")).await.unwrap() })
        })
        .collect();
    let mut answers = Vec::new();
    for made in made {
        answers.push(made.await.unwrap());
    }
    assert_eq!(answers.iter().filter(|(_, is_new)| *is_new).count(), 1);
    assert!(answers.iter().all(|(run, _)| *run == answers[0].0));
    assert_eq!(all(&store).await, [answers[0].0]);
}

pub(crate) async fn an_output_belongs_to_one_run_at_a_time(fresh: &Fresh) {
    let store = fresh.open().await;
    let host = Uuid::now_v7();
    let (first, _) = store.add_run(writing_to(host, "s3://out/a/")).await.unwrap();
    for overlapping in ["s3://out/a/", "s3://out/a/b/", "s3://out/"] {
        let refused = store.add_run(writing_to(host, overlapping)).await;
        assert!(matches!(refused, Err(Error::OutputTaken(run)) if run == first), "{overlapping}: {refused:?}");
    }
    store.add_run(writing_to(host, "s3://out/ab/")).await.unwrap();
    store.step(first, host, RunState::Queued, to(RunState::Succeeded)).await.unwrap();
    store.add_run(writing_to(host, "s3://out/a/")).await.unwrap();
}

pub(crate) async fn lists_are_filtered_and_paged_the_newest_first(fresh: &Fresh) {
    let store = fresh.open().await;
    let host = Uuid::now_v7();
    let mut ids = Vec::new();
    for session in ["a", "b", "a", "a"] {
        let new = NewRunRow { session: session.to_owned(), ..new_run(host) };
        ids.push(store.add_run(new).await.unwrap().0);
    }
    store.step(ids[1], host, RunState::Queued, to(RunState::Generating)).await.unwrap();
    let found = async |filter: &RunFilter| -> Vec<Uuid> {
        store.runs(filter).await.unwrap().iter().map(|row| row.id).collect()
    };
    let filter = RunFilter { session: Some("a".into()), limit: 2, ..RunFilter::default() };
    assert_eq!(found(&filter).await, [ids[3], ids[2]]);
    assert_eq!(found(&RunFilter { before: Some(ids[2]), ..filter }).await, [ids[0]]);
    let generating = RunFilter { state: Some(RunState::Generating), limit: 10, ..RunFilter::default() };
    assert_eq!(found(&generating).await, [ids[1]]);
    let ray = RunFilter { framework: Some("ray".into()), limit: 10, ..RunFilter::default() };
    assert!(found(&ray).await.is_empty());
}

pub(crate) async fn sessions_and_uploads_are_kept(fresh: &Fresh) {
    let store = fresh.open().await;
    assert!(store.session("me").await.unwrap().is_none());
    let table = vec![SourceRef::Table { table: "a.b".into() }];
    store.enter_session("me", "local", 10).await.unwrap();
    store.set_sources("me", &table).await.unwrap();
    let first = store.session("me").await.unwrap().unwrap();
    assert_eq!(first.sources, table);
    store.set_sources("me", &[]).await.unwrap();
    let second = store.session("me").await.unwrap().unwrap();
    assert_eq!((second.sources.len(), second.created_at), (0, first.created_at));

    let upload = ObjectSource {
        uri: "s3://b/uploads/me/x.csv".into(),
        format: Some("csv".into()),
        bytes: Some(u64::MAX),
        columns: Vec::new(),
        properties: vec![("header".into(), "true".into())],
        sample: None,
    };
    store.add_upload("me", "x.csv", &upload).await.unwrap();
    assert_eq!(store.upload(&upload.uri).await.unwrap(), Some(upload));
    assert_eq!(store.upload("s3://b/none").await.unwrap(), None);
}

pub(crate) async fn all_is_there_when_it_is_opened_again(fresh: &Fresh) {
    let store = fresh.open().await;
    let (host, run) = a_run(&store).await;
    let mut step = to(RunState::Validating);
    step.draft = Some(draft(1));
    store.step(run, host, RunState::Queued, step).await.unwrap();
    drop(store);
    let store = fresh.open().await;
    assert_eq!(store.run(run).await.unwrap().unwrap().state, RunState::Validating);
    assert_eq!(store.attempts(run).await.unwrap().len(), 1);
    store.ping().await.unwrap();
}

/// What one of the databases might not take, or compare otherwise.
pub(crate) async fn odd_texts_are_kept(fresh: &Fresh) {
    let store = fresh.open().await;
    let host = Uuid::now_v7();
    for text in ["", "Zürich", "ß", "a'b\"c", "\u{10FFFF}", "\\", "%_", "line\nbreak\ttab", "NULL"] {
        let mut new = NewRunRow { session: text.to_owned(), ..new_run(host) };
        new.request.task.prompt = format!("{text}\0");
        let (run, _) = store.add_run(new).await.unwrap();
        let row = store.run(run).await.unwrap().unwrap();
        assert_eq!((row.session.as_str(), row.request.task.prompt), (text, format!("{text}\0")));
        let filter = RunFilter { session: Some(text.to_owned()), limit: 10, ..RunFilter::default() };
        assert_eq!(store.runs(&filter).await.unwrap().len(), 1, "{text:?}");
    }
}

pub(crate) async fn a_newer_schema_is_refused(fresh: &Fresh) {
    drop(fresh.open().await);
    let from_the_future = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
                           SELECT 9999, 'from the future', success, checksum, 0 FROM _sqlx_migrations LIMIT 1";
    fresh.execute(from_the_future).await;
    let opened = Store::open(&fresh.database).await;
    assert!(matches!(opened, Err(Error::Newer(9999))), "{opened:?}");
}

async fn all(store: &Store) -> Vec<Uuid> {
    let filter = RunFilter { limit: 200, ..RunFilter::default() };
    store.runs(&filter).await.unwrap().iter().map(|row| row.id).collect()
}
