//! No call depends on an earlier one.

use enginehouse_runtime::Phase;

use super::contract::{
    read,
    work::{self, follow, is_end, outcome, whole_log},
};
use crate::{
    bench::{Bench, outside},
    judge::{Verdict, answered, ensure},
    samples::PROGRAMS,
    tasks,
};

/// Two plugins read the same codes in opposite orders. No code was read before, or its report would be given again.
pub(super) async fn read(bench: &Bench) -> Verdict {
    let empty = tasks::empty(bench.plugin.describe());
    let pieces: Vec<_> = PROGRAMS.iter().map(|program| format!("{program}# and again\n")).collect();
    let (mut forth, mut back) = (Vec::new(), Vec::new());
    for code in &pieces {
        for task in [&bench.task, &empty] {
            forth.push(answered("`validate`", bench.plugin.validate(&outside(), task, code).await)?.findings);
        }
    }
    for code in pieces.iter().rev() {
        for task in [&empty, &bench.task] {
            back.push(answered("`validate`", bench.anew.validate(&outside(), task, code).await)?.findings);
        }
    }
    forth.iter().zip(back.iter().rev()).try_for_each(|(forth, back)| read::same(forth, back))
}

/// Two pieces of work at once; one is stopped, and the other does not notice.
pub(super) async fn interleaved(bench: &Bench) -> Verdict {
    let one = bench.submit().await?;
    let other = bench.submit().await?;
    let poll = async |work: &crate::bench::Work| {
        let progress = bench.plugin.poll(&work.cx, &work.attempt, &work.ticket).await;
        bench.done("`poll` of one of two pieces of work", progress)
    };
    poll(&one).await?;
    poll(&other).await?;
    let stopped = bench.plugin.cancel(&other.cx, &other.attempt, &other.ticket).await;
    bench.done("`cancel` of one of two pieces of work", stopped)?;
    let phase = follow(bench, &bench.plugin, &one).await?;
    ensure(phase == Phase::Succeeded || !bench.tells_its_end(&one.attempt), || {
        format!(
            "`poll` told {phase:?} of work that ended well, after other work was cancelled. Find each by its own ticket"
        )
    })?;
    let first = outcome(bench, &bench.plugin, &one).await?;
    follow(bench, &bench.plugin, &other).await?;
    work::same(&first, &outcome(bench, &bench.plugin, &one).await?)
}

/// The host was started anew while the work ran.
pub(super) async fn restarted(bench: &Bench) -> Verdict {
    let work = bench.submit().await?;
    let before = bench.plugin.poll(&work.cx, &work.attempt, &work.ticket).await;
    let before = bench.done("`poll` before a restart", before)?;
    let phase = follow(bench, &bench.anew, &work).await?;
    ensure(!is_end(before.phase) || before.phase == phase, || {
        format!("`poll` told {:?}, and {phase:?} after a restart: an end is the last phase", before.phase)
    })?;
    let logs = (whole_log(bench, &bench.plugin, &work).await?, whole_log(bench, &bench.anew, &work).await?);
    ensure(logs.0 == logs.1, || {
        "`log` gave another text after a restart of the host: ask the engine for it".to_owned()
    })?;
    work::same(&outcome(bench, &bench.plugin, &work).await?, &outcome(bench, &bench.anew, &work).await?)
}
