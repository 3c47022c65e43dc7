//! What is written while a run goes on: its program's log, its model's answers, what it costs.

use enginehouse::store::{DayCap, Error, LogPiece, ModelUse, RunFilter, RunState, Step, Store, TokenBudgets};
use enginehouse_capabilities::{CodegenReply, Finish};
use uuid::Uuid;

use crate::fresh::{Fresh, a_run, draft, new_run, to};

async fn running(store: &Store) -> (Uuid, Uuid) {
    let (host, run) = a_run(store).await;
    let step = Step { draft: Some(draft(1)), ..to(RunState::Running) };
    store.step(run, host, RunState::Queued, step).await.unwrap();
    (host, run)
}

fn piece(text: &str, next: u64) -> LogPiece {
    LogPiece { text: text.into(), next, dropped: 0 }
}

pub(crate) async fn a_log_is_paged_by_byte(fresh: &Fresh) {
    let store = fresh.open().await;
    let (host, run) = running(&store).await;
    assert_eq!(store.log(run, 0).await.unwrap(), Default::default());
    // The plugin's own positions mean nothing to a reader.
    for (after, text, next) in [(0, "erste\n", 700), (700, "zwölf\n", 3), (3, "last\0\n", u64::MAX)] {
        store.add_log(run, host, RunState::Running, after, piece(text, next)).await.unwrap();
    }
    let whole = "erste\nzwölf\nlast\u{fffd}\n";
    for from in 0..=whole.len() {
        let page = store.log(run, from as u64).await.unwrap();
        let from = (from..).find(|at| whole.is_char_boundary(*at)).unwrap();
        assert_eq!((page.text.as_str(), page.next, page.dropped), (&whole[from..], whole.len() as u64, 0), "{from}");
    }
    assert_eq!(store.log(run, 1000).await.unwrap().text, "");
    assert_eq!(store.run(run).await.unwrap().unwrap().log_next, u64::MAX);
    assert_eq!(store.log_of_last_attempt(run, 1000).await.unwrap(), whole);
    let ends = store.log_of_last_attempt(run, 13).await.unwrap();
    assert!(ends.starts_with("erste\n\n[") && ends.ends_with("has it]\nst\u{fffd}\n"), "{ends}");
}

pub(crate) async fn a_piece_of_a_log_is_added_once_and_by_its_host(fresh: &Fresh) {
    let store = fresh.open().await;
    let (host, run) = running(&store).await;
    let add = |host, from, after| store.add_log(run, host, from, after, piece("a\n", after + 2));
    add(host, RunState::Running, 0).await.unwrap();
    for refused in
        [add(host, RunState::Running, 0), add(Uuid::now_v7(), RunState::Running, 2), add(host, RunState::Collecting, 2)]
    {
        assert!(matches!(refused.await, Err(Error::Moved(moved)) if moved == run));
    }
    assert_eq!(store.log(run, 0).await.unwrap().text, "a\n");
}

pub(crate) async fn what_was_dropped_is_told_where_it_is_missing(fresh: &Fresh) {
    let store = fresh.open().await;
    let (host, run) = running(&store).await;
    store.add_log(run, host, RunState::Running, 0, piece("head", 4)).await.unwrap();
    let gap = LogPiece { dropped: 400, ..piece("", 6) };
    store.add_log(run, host, RunState::Running, 4, gap).await.unwrap();
    let tail = LogPiece { dropped: 600, ..piece("tail", 8) };
    store.add_log(run, host, RunState::Running, 6, tail).await.unwrap();
    let first = store.log(run, 0).await.unwrap();
    assert_eq!((first.text.as_str(), first.next, first.dropped), ("head", 4, 0));
    let second = store.log(run, first.next).await.unwrap();
    assert_eq!((second.text.as_str(), second.next, second.dropped), ("tail", 1008, 1000));
}

pub(crate) async fn the_beginning_and_the_end_of_a_long_log_are_kept(fresh: &Fresh) {
    let store = fresh.open().await;
    let (host, run) = running(&store).await;
    for number in 0..20 {
        let piece = piece(&char::from(b'a' + number).to_string().repeat(1 << 20), u64::from(number) + 1);
        store.add_log(run, host, RunState::Running, number.into(), piece).await.unwrap();
    }
    let (mut from, mut read, mut dropped) = (0, String::new(), 0);
    loop {
        let page = store.log(run, from).await.unwrap();
        if page.text.is_empty() {
            break;
        }
        from = page.next;
        dropped += page.dropped;
        read.extend(page.text.chars().step_by(1 << 20));
    }
    assert_eq!((read.as_str(), from, dropped), ("abcdefghmnopqrst", 20 << 20, 4 << 20));
}

pub(crate) async fn the_log_of_a_new_attempt_begins_anew_for_its_plugin(fresh: &Fresh) {
    let store = fresh.open().await;
    let (host, run) = running(&store).await;
    store.add_log(run, host, RunState::Running, 0, piece("first\n", 6)).await.unwrap();
    let step = Step { draft: Some(draft(2)), ..to(RunState::Running) };
    store.step(run, host, RunState::Running, step).await.unwrap();
    assert_eq!(store.run(run).await.unwrap().unwrap().log_next, 0);
    store.add_log(run, host, RunState::Running, 0, piece("second\n", 7)).await.unwrap();
    assert_eq!(store.log(run, 0).await.unwrap().text, "first\nsecond\n");
    assert_eq!(store.log_of_last_attempt(run, 1000).await.unwrap(), "second\n");
}

pub(crate) async fn an_answer_is_kept_for_the_attempt_that_is_being_written(fresh: &Fresh) {
    let store = fresh.open().await;
    let (host, run) = a_run(&store).await;
    let reply = |text: &str| CodegenReply {
        text: text.into(),
        finish: Finish::Refused,
        model: "m".into(),
        input_tokens: u64::MAX,
        output_tokens: 7,
    };
    assert_eq!(store.answer(run, 1, "p").await.unwrap(), None);
    let reserved = store.reserve_tokens("spark", run, 1, TokenBudgets::default()).await.unwrap();
    store.keep_answer(&reserved, (run, 1), "other", &reply("of another prompt")).await.unwrap();
    store.keep_answer(&reserved, (run, 1), "p", &reply("x = 1")).await.unwrap();
    let kept = store.answer(run, 1, "p").await.unwrap().unwrap();
    assert_eq!((kept.text.as_str(), kept.finish, kept.output_tokens), ("x = 1", Finish::Refused, 7));
    assert_eq!(store.answer(run, 1, "other").await.unwrap(), None);

    let by_model = enginehouse::store::AttemptRow { author: "model".into(), ..draft(1) };
    let step = Step { draft: Some(by_model), ..to(RunState::Validating) };
    store.step(run, host, RunState::Queued, step).await.unwrap();
    assert_eq!(store.attempt_being_written(run).await.unwrap(), Some(2));
    assert_eq!(store.answer(run, 2, "p").await.unwrap(), None, "the next attempt is asked anew");
    store.keep_answer(&reserved, (run, 1), "late", &reply("from a host that stood still")).await.unwrap();
    let [attempt] = store.attempts(run).await.unwrap().try_into().unwrap();
    let used = ModelUse {
        model: "m".into(),
        input_tokens: i64::MAX.cast_unsigned(),
        output_tokens: 7,
        prompt_sha256: "p".into(),
    };
    assert_eq!(attempt.model, Some(used));
}

pub(crate) async fn a_day_costs_no_more_than_its_cap(fresh: &Fresh) {
    let store = fresh.open().await;
    let begin = async |expected| {
        let (host, run) = a_run(&store).await;
        let planned = Step { cost_expected: Some(expected), ..to(RunState::Validating) };
        store.step(run, host, RunState::Queued, planned).await.unwrap();
        let day_cap = Some(DayCap { cap: 10.0, expected });
        let step = Step { day_cap, ..to(RunState::Submitting) };
        let done = store.step(run, host, RunState::Validating, step).await;
        done.map(|()| (host, run))
    };
    let (host, first) = begin(6.0).await.unwrap();
    let over = begin(4.5).await;
    assert!(matches!(over, Err(Error::OverDayCap { spent, cap }) if (spent, cap) == (6.0, 10.0)), "{over:?}");
    begin(4.0).await.unwrap();
    // What was billed counts in the place of what was expected.
    let step = Step { cost_billed: Some(1.5), ..Step::default() };
    store.step(first, host, RunState::Submitting, step).await.unwrap();
    assert_eq!(store.run(first).await.unwrap().unwrap().cost.billed, Some(1.5));
    begin(4.5).await.unwrap();
    assert!(begin(0.1).await.is_err());
}

pub(crate) async fn a_run_that_was_counted_in_counts_before_it_is_submitted(fresh: &Fresh) {
    let store = fresh.open().await;
    let count_in = async || {
        let (host, run) = a_run(&store).await;
        let day_cap = Some(DayCap { cap: 10.0, expected: 6.0 });
        let step = Step { cost_expected: Some(6.0), day_cap, ..Step::default() };
        store.step(run, host, RunState::Queued, step).await
    };
    count_in().await.unwrap();
    assert!(matches!(count_in().await, Err(Error::OverDayCap { .. })));
}

pub(crate) async fn each_attempt_of_a_run_counts(fresh: &Fresh) {
    let store = fresh.open().await;
    let (host, run) = a_run(&store).await;
    let count_in =
        || Step { cost_expected: Some(4.0), day_cap: Some(DayCap { cap: 10.0, expected: 4.0 }), ..Step::default() };
    let take = async |step| store.step(run, host, RunState::Queued, step).await;
    take(count_in()).await.unwrap();
    take(Step { cost_billed: Some(3.0), ..Step::default() }).await.unwrap();
    take(count_in()).await.unwrap();
    assert!(matches!(take(count_in()).await, Err(Error::OverDayCap { spent, .. }) if spent == 7.0));
    take(Step { cost_billed: Some(2.0), ..Step::default() }).await.unwrap();
    assert_eq!(store.run(run).await.unwrap().unwrap().cost.billed, Some(5.0));
    take(count_in()).await.unwrap();
    assert!(matches!(take(count_in()).await, Err(Error::OverDayCap { spent, .. }) if spent == 9.0));
}

pub(crate) async fn a_day_ends(fresh: &Fresh) {
    let store = fresh.open().await;
    let (host, run) = a_run(&store).await;
    let day_cap = Some(DayCap { cap: 5.0, expected: 4.0 });
    let count_in = async || {
        let step = Step { cost_expected: Some(4.0), day_cap, ..Step::default() };
        store.step(run, host, RunState::Queued, step).await
    };
    count_in().await.unwrap();
    assert!(count_in().await.is_err());
    fresh.execute("UPDATE runs SET counted_at = counted_at - 86400001").await;
    count_in().await.unwrap();
}

pub(crate) async fn many_at_once_stay_under_the_cap(fresh: &Fresh) {
    let store = fresh.open().await;
    let mut begun = Vec::new();
    for _ in 0..12 {
        let (host, run) = a_run(&store).await;
        let store = store.clone();
        begun.push(tokio::spawn(async move {
            let day_cap = Some(DayCap { cap: 5.0, expected: 1.0 });
            let step = Step { cost_expected: Some(1.0), day_cap, ..to(RunState::Submitting) };
            store.step(run, host, RunState::Queued, step).await.is_ok()
        }));
    }
    let mut taken = 0;
    for begun in begun {
        taken += usize::from(begun.await.unwrap());
    }
    assert_eq!(taken, 5);
}

pub(crate) async fn a_run_that_cannot_be_read_hides_no_other_and_is_ended(fresh: &Fresh) {
    let store = fresh.open().await;
    let (host, bad) = a_run(&store).await;
    fresh.execute("UPDATE runs SET request = '{}'").await;
    let (_, good) = a_run(&store).await;
    assert!(matches!(store.run(bad).await, Err(Error::Record(_))));
    let listed = store.runs(&RunFilter { limit: 10, ..RunFilter::default() }).await.unwrap();
    assert_eq!(listed.iter().map(|row| row.id).collect::<Vec<_>>(), [good]);
    let problem = enginehouse::store::Problem { kind: "host-failed".into(), detail: "unreadable".into() };
    assert!(store.condemn(bad, Uuid::now_v7(), &problem).await.is_err(), "another host's");
    store.condemn(bad, host, &problem).await.unwrap();
    assert_eq!(store.journal(bad, 0).await.unwrap().last().unwrap().data["state"], "failed");
    assert_eq!(store.driven_by(host).await.unwrap(), []);
}

pub(crate) async fn what_no_database_takes_is_told_from_one_that_is_gone(fresh: &Fresh) {
    let store = fresh.open().await;
    let new = new_run(Uuid::now_v7());
    store.add_run(new.clone()).await.unwrap();
    let twice = store.add_run(new).await.unwrap_err();
    assert!(twice.is_lasting(), "{twice:?}");
    let gone = Error::Database(sqlx::Error::PoolTimedOut);
    assert!(!gone.is_lasting() && !Error::Silent(30).is_lasting());
}

pub(crate) async fn a_session_is_its_owners_and_there_are_so_many(fresh: &Fresh) {
    let store = fresh.open().await;
    for id in ["a", "b", "a"] {
        store.enter_session(id, "ann", 2).await.unwrap();
    }
    assert!(matches!(store.enter_session("c", "ann", 2).await, Err(Error::TooManySessions(2))));
    assert!(matches!(store.enter_session("a", "bob", 2).await, Err(Error::NotOwned)));
    store.enter_session("c", "bob", 2).await.unwrap();
    store.set_sources("never-entered", &[]).await.unwrap();
    assert!(store.session("never-entered").await.unwrap().is_none());
}

pub(crate) async fn a_session_that_nobody_uses_is_forgotten(fresh: &Fresh) {
    let store = fresh.open().await;
    for id in ["me", "idle"] {
        store.enter_session(id, "local", 10).await.unwrap();
    }
    fresh.execute("UPDATE sessions SET updated_at = 1000").await;
    let (host, run) = a_run(&store).await;
    assert_eq!(store.forget_sessions(1000).await.unwrap(), 0);
    assert_eq!(store.forget_sessions(1001).await.unwrap(), 1);
    assert!(store.session("idle").await.unwrap().is_none(), "a run of `me` goes on");
    store.step(run, host, RunState::Queued, to(RunState::Failed)).await.unwrap();
    store.enter_session("me", "local", 10).await.unwrap();
    assert_eq!(store.forget_sessions(1001).await.unwrap(), 0, "it was used again");
}

pub(crate) async fn a_session_has_so_many_open_runs(fresh: &Fresh) {
    let store = fresh.open().await;
    let host = Uuid::now_v7();
    let new = || enginehouse::store::NewRunRow { most_open: 2, ..new_run(host) };
    let (first, _) = store.add_run(new()).await.unwrap();
    store.add_run(new()).await.unwrap();
    assert!(matches!(store.add_run(new()).await, Err(Error::TooManyRuns(2))));
    let elsewhere = enginehouse::store::NewRunRow { session: "other".into(), ..new() };
    store.add_run(elsewhere).await.unwrap();
    let at_once: Vec<_> = (0..10)
        .map(|_| {
            let (store, new) = (store.clone(), enginehouse::store::NewRunRow { session: "crowd".into(), ..new() });
            tokio::spawn(async move { store.add_run(new).await.is_ok() })
        })
        .collect();
    let mut made = 0;
    for one in at_once {
        made += usize::from(one.await.unwrap());
    }
    assert_eq!(made, 2, "also of those that come at once");
    store.step(first, host, RunState::Queued, to(RunState::Failed)).await.unwrap();
    store.add_run(new()).await.unwrap();
}
