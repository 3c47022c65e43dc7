//! What is checked: one page a suite, in the order in which the host calls the exports.

mod contract;
mod limits;
mod statelessness;
mod weather;

use crate::{
    Suite::{Capabilities, Contract, Limits, Statelessness},
    bench::Bench,
    book::Book,
    world::Weather,
};

/// Every export answers within the contract.
pub(crate) async fn contract(book: &mut Book, bench: &mut Bench) {
    use contract::{cancel, describe, plan, read, work, write};
    book.check(Contract, "`describe` gives the same every time", describe::the_same(bench)).await;
    book.check(Contract, "`describe` names a platform", describe::has_a_platform(bench)).await;
    book.check(Contract, "`status` speaks of platforms that `describe` names", describe::status(bench)).await;
    book.check(Contract, "`plan` chooses one of the task's places", plan::chooses(bench)).await;
    book.check(Contract, "`plan` takes the platform asked for, or says why not", plan::asked(bench)).await;
    book.check(Contract, "`plan` says in words that there is no place", plan::nowhere(bench)).await;
    book.check(Contract, "`generate` answers without a model", write::without_model(bench)).await;
    book.check(Contract, "`generate` answers with a model", write::with_model(bench)).await;
    book.check(Contract, "`generate` answers after an earlier try", write::again(bench)).await;
    book.check(Contract, "`validate` reads empty code", read::empty(bench)).await;
    book.check(Contract, "`validate` reads plain code", read::plain(bench)).await;
    book.check(Contract, "`validate` is pure", read::pure(bench)).await;
    book.check(Contract, "`validate` survives odd text", read::odd(bench)).await;
    book.check(Contract, "`validate` survives deep nesting", read::deep(bench)).await;
    book.check(Contract, "`validate` reads a mebibyte of code", read::huge(bench)).await;
    bench.clean = write::clean(bench).await;
    book.check(Contract, "the author's sample is clean", write::sample(bench)).await;
    book.check(Contract, "`submit` twice starts once and gives an equal ticket", work::starts_once(bench)).await;
    book.check(Contract, "`poll` follows work to its end", work::ends(bench)).await;
    book.check(Contract, "`poll` and `fetch` tell work that failed", work::fails(bench)).await;
    book.check(Contract, "`log` advances and ends", work::log(bench)).await;
    book.check(Contract, "`fetch` gives the same every time", work::fetch(bench)).await;
    book.check(Contract, "`cancel` stops work that runs", cancel::running(bench)).await;
    book.check(Contract, "`cancel` of finished work is no error", cancel::finished(bench)).await;
    book.check(Contract, "`cancel` finds work by its token", cancel::without_ticket(bench)).await;
}

/// Every call gets a fresh instance.
pub(crate) async fn statelessness(book: &mut Book, bench: &Bench) {
    let read = statelessness::read(bench);
    book.check(Statelessness, "findings do not depend on what was read before", read).await;
    book.check(Statelessness, "calls about other work change nothing", statelessness::interleaved(bench)).await;
    book.check(Statelessness, "work outlives a restart of the host", statelessness::restarted(bench)).await;
}

/// What stands behind the host functions refuses, one round a kind of refusal.
pub(crate) async fn capabilities(book: &mut Book, bench: &Bench) {
    for kind in Weather::BAD {
        let name = match kind {
            Weather::Denied => "everything is `denied`",
            Weather::Unconfigured => "everything is `unconfigured`",
            Weather::Unavailable => "everything is `unavailable`",
            Weather::QuotaExceeded => "everything is `quota-exceeded`",
            Weather::TimedOut => "everything has `timed-out`",
            Weather::Other | Weather::Fair => "everything fails for an `other` reason",
        };
        book.check(Capabilities, name, weather::round(bench, kind)).await;
    }
}

/// Calls stay well within their limits.
pub(crate) async fn limits(book: &mut Book, bench: &Bench) {
    book.check(Limits, "half of computing time and memory is enough", limits::half(bench)).await;
    book.check(Limits, "a task of 64 sources is answered, or refused in words", limits::large_task(bench)).await;
    book.check(Limits, "a prompt of 64 KiB is answered, or refused in words", limits::long_prompt(bench)).await;
}
