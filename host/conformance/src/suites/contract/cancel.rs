//! Stopping work.

use enginehouse_runtime::Phase;

use super::work::follow;
use crate::{
    bench::{Bench, Work},
    judge::{Verdict, answered, ensure, in_words},
};

pub(in crate::suites) async fn running(bench: &Bench) -> Verdict {
    let work = bench.submit().await?;
    answered("`cancel` of work that runs", cancel(bench, &work, &work.ticket).await)?;
    stopped(bench, &work).await
}

pub(in crate::suites) async fn finished(bench: &Bench) -> Verdict {
    let work = bench.submit().await?;
    follow(bench, &bench.plugin, &work).await?;
    answered("`cancel` of work that has ended", cancel(bench, &work, &work.ticket).await)
}

/// The answer of `submit` was lost: with work, and with none.
pub(in crate::suites) async fn without_ticket(bench: &Bench) -> Verdict {
    let (cx, attempt) = bench.attempt()?;
    let none = Work { cx, attempt, ticket: String::new() };
    let _ = in_words("`cancel` with an empty ticket, where nothing was started", cancel(bench, &none, "").await)?;
    let work = bench.submit().await?;
    let said = in_words("`cancel` with an empty ticket", cancel(bench, &work, "").await)?;
    let by_token = bench.world.started(&work.attempt.token).iter().all(|key| key.starts_with("processes"));
    match said {
        Ok(()) if by_token => stopped(bench, &work).await,
        _ => Ok(()),
    }
}

async fn cancel(bench: &Bench, work: &Work, ticket: &str) -> Result<(), enginehouse_runtime::Error> {
    bench.plugin.cancel(&work.cx, &work.attempt, ticket).await
}

async fn stopped(bench: &Bench, work: &Work) -> Verdict {
    let phase = follow(bench, &bench.plugin, work).await?;
    ensure(phase == Phase::Cancelled || !bench.tells_its_end(&work.attempt), || {
        format!(
            "`poll` told {phase:?} after a `cancel` of work that ran. Ask the engine to stop in `cancel` (with an empty ticket: \
             what the attempt's token names), and tell `cancelled` when it has"
        )
    })
}
