//! Work from `submit` to `fetch`.

use std::collections::BTreeSet;

use enginehouse_runtime::{Outcome, Phase, Plugin};

use crate::{
    bench::{Bench, Work},
    judge::{Verdict, answered, ensure, failed},
};

/// More looks at an engine than any work of the kit takes.
const POLLS: usize = 60;
/// More pieces of a log than any work of the kit prints.
const PIECES: usize = 200;

pub(in crate::suites) async fn starts_once(bench: &Bench) -> Verdict {
    let work = bench.submit().await?;
    let clean = bench.clean()?;
    let started = bench.world.started(&work.attempt.token);
    for plugin in [&bench.plugin, &bench.anew] {
        let again = plugin.submit(&work.cx, &clean.task, &clean.code, &work.attempt).await;
        let again = answered("`submit` again with the same attempt", again)?;
        ensure(again == work.ticket, || {
            format!(
                "`submit` gave the ticket `{:.80}`, and again with the same attempt `{again:.80}`. Make the ticket of the \
                 attempt's token alone, so that it is equal when the host asks again",
                work.ticket
            )
        })?;
        let now = bench.world.started(&work.attempt.token);
        ensure(now == started, || {
            format!(
                "`submit` again with the same attempt started `{}` besides what was there. Start under the attempt's token, or \
                 under it with an ending that is always the same",
                now.difference(&started).cloned().collect::<Vec<_>>().join("`, `")
            )
        })?;
    }
    Ok(())
}

pub(in crate::suites) async fn ends(bench: &Bench) -> Verdict {
    let work = bench.submit().await?;
    let phase = follow(bench, &bench.plugin, &work).await?;
    let well = phase == Phase::Succeeded || !bench.tells_its_end(&work.attempt);
    ensure(well, || format!("`poll` told {phase:?} of work that its engine ended well: tell `succeeded`"))?;
    let again = follow(bench, &bench.plugin, &work).await?;
    ensure(again == phase, || {
        format!("`poll` told {phase:?}, and later {again:?}. An end is the last phase: keep to it")
    })
}

pub(in crate::suites) async fn fails(bench: &Bench) -> Verdict {
    bench.world.set_ending(false);
    let work = bench.submit().await;
    bench.world.set_ending(true);
    let work = work?;
    let phase = follow(bench, &bench.plugin, &work).await?;
    if bench.tells_its_end(&work.attempt) {
        ensure(phase == Phase::Failed, || {
            format!("`poll` told {phase:?} of work that failed at its engine: tell `failed`")
        })?;
    }
    let outcome = outcome(bench, &bench.plugin, &work).await?;
    ensure(phase != Phase::Failed || outcome.failure.is_some(), || {
        "`poll` told `failed`, and `fetch` gave no `failure`. Say what failed: the next try learns from it".to_owned()
    })
}

pub(in crate::suites) async fn log(bench: &Bench) -> Verdict {
    let work = bench.submit().await?;
    let early = bench.plugin.log(&work.cx, &work.attempt, &work.ticket, 0).await;
    bench.done("`log` before the work has ended", early)?;
    follow(bench, &bench.plugin, &work).await?;
    let first = whole_log(bench, &bench.plugin, &work).await?;
    let again = whole_log(bench, &bench.plugin, &work).await?;
    ensure(first == again, || {
        "`log` from the start gave another text the second time, though the work had ended: give the same, always"
            .to_owned()
    })
}

pub(in crate::suites) async fn fetch(bench: &Bench) -> Verdict {
    let work = bench.submit().await?;
    follow(bench, &bench.plugin, &work).await?;
    let first = outcome(bench, &bench.plugin, &work).await?;
    same(&first, &outcome(bench, &bench.plugin, &work).await?)?;
    let named = first.tables.iter().flat_map(|table| &table.uris).chain(&first.figures);
    match named.into_iter().find(|uri| !bench.world.has_object(uri)) {
        Some(uri) => {
            Err(failed(format!("`fetch` named `{uri}`, which is not there. List the output, and name what is in it")))
        }
        None => Ok(()),
    }
}

/// Polls until the work has ended.
pub(in crate::suites) async fn follow(bench: &Bench, plugin: &Plugin, work: &Work) -> Verdict<Phase> {
    const CALL: &str = "`poll` of work that was submitted (every call gets a fresh instance: what it needs has to be in the \
                        ticket, or to be asked of the host)";
    for _ in 0..POLLS {
        let progress = bench.done(CALL, plugin.poll(&work.cx, &work.attempt, &work.ticket).await)?;
        if is_end(progress.phase) {
            return Ok(progress.phase);
        }
    }
    Err(failed(format!(
        "`poll` told no end in {POLLS} looks, though the engine had ended the work at the third. Ask the engine in each `poll`, \
         and tell `succeeded`, `failed` or `cancelled` when it has ended"
    )))
}

pub(in crate::suites) fn is_end(phase: Phase) -> bool {
    matches!(phase, Phase::Succeeded | Phase::Failed | Phase::Cancelled)
}

/// The log of work that has ended.
pub(in crate::suites) async fn whole_log(bench: &Bench, plugin: &Plugin, work: &Work) -> Verdict<String> {
    let (mut text, mut after, mut seen) = (String::new(), 0, BTreeSet::from([0]));
    while seen.len() <= PIECES {
        let piece = plugin.log(&work.cx, &work.attempt, &work.ticket, after).await;
        let piece = bench.done("`log` of work that has ended", piece)?;
        text.push_str(&piece.text);
        if piece.end {
            return Ok(text);
        }
        ensure(seen.insert(piece.next), || {
            format!(
                "`log` after the position {after} gave {} again and no `end`, though the work had ended: the host would ask for \
                 ever. Let `next` advance with each piece, and set `end` when nothing will follow",
                piece.next
            )
        })?;
        after = piece.next;
    }
    Err(failed(format!("`log` gave {PIECES} pieces and no `end`, of three lines. Set `end` when nothing will follow")))
}

pub(in crate::suites) async fn outcome(bench: &Bench, plugin: &Plugin, work: &Work) -> Verdict<Outcome> {
    bench.done("`fetch` of work that has ended", plugin.fetch(&work.cx, &work.attempt, &work.ticket).await)
}

/// Fails where the same work had another outcome.
pub(in crate::suites) fn same(first: &Outcome, again: &Outcome) -> Verdict {
    ensure(first == again, || {
        format!(
            "`fetch` gave one outcome, and then another for the same work: {first:.300?} and {again:.300?}. Make it of what \
                 the engine and the store hold alone, so that it can be asked for any number of times"
        )
    })
}
