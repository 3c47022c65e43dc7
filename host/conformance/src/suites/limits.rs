//! How much of its limits a plugin needs.

use enginehouse_runtime::{Error, Task, limit};

use super::contract::work::{follow, outcome, whole_log};
use crate::{
    bench::{Bench, Work, outside},
    judge::{Verdict, failed, fault, in_words},
    samples, tasks,
};

/// The calls of a plain run, with half of what the plugin may use.
pub(super) async fn half(bench: &Bench) -> Verdict {
    let plugin = bench.frugal.as_ref().map_err(|reason| {
        failed(format!("with half of its limits the plugin does not even load ({reason}). Do less in `describe`"))
    })?;
    let cx = outside();
    frugal("plan", plugin.plan(&cx, &bench.task).await)?;
    frugal("generate", plugin.generate(&cx, &bench.task, &[]).await)?;
    frugal("status", plugin.status(&cx).await)?;
    for program in samples::PROGRAMS {
        frugal("validate", plugin.validate(&cx, &bench.task, program).await)?;
    }
    let Ok(clean) = &bench.clean else { return Ok(()) };
    frugal("validate", plugin.validate(&cx, &clean.task, clean.code.code()).await)?;
    bench.world.forget_missed();
    let (cx, attempt) = bench.attempt()?;
    let ticket = plugin.submit(&cx, &clean.task, &clean.code, &attempt).await;
    frugal("submit", ticket.as_deref())?;
    let Ok(ticket) = ticket else { return Ok(()) };
    let work = Work { cx, attempt, ticket };
    follow(bench, plugin, &work).await?;
    whole_log(bench, plugin, &work).await?;
    outcome(bench, plugin, &work).await.map(|_| ())
}

/// As many sources as the contract allows, with many columns each.
pub(super) async fn large_task(bench: &Bench) -> Verdict {
    answers(bench, "a task of 64 sources", &tasks::large(bench.plugin.describe())).await
}

pub(super) async fn long_prompt(bench: &Bench) -> Verdict {
    let task = tasks::wordy(bench.plugin.describe());
    debug_assert!(task.prompt.len() <= limit::PROMPT);
    answers(bench, "a prompt of 64 KiB", &task).await
}

async fn answers(bench: &Bench, what: &str, task: &Task) -> Verdict {
    let (cx, plugin) = (outside(), &bench.plugin);
    let _ = in_words(&format!("`plan` of {what}"), plugin.plan(&cx, task).await)?;
    let _ = in_words(&format!("`generate` of {what}"), plugin.generate(&cx, task, &[]).await)?;
    for program in samples::PROGRAMS.iter().take(3) {
        let _ = in_words(&format!("`validate` for {what}"), plugin.validate(&cx, task, program).await)?;
    }
    Ok(())
}

/// Fails where half was not enough; how else the call ended is another check's to judge.
fn frugal<T, E: std::borrow::Borrow<Error>>(export: &str, result: Result<T, E>) -> Verdict {
    match result.as_ref().map_err(std::borrow::Borrow::borrow) {
        Err(error @ (Error::OutOfTime { .. } | Error::OutOfMemory { .. } | Error::StackOverflow(_))) => {
            Err(failed(format!(
                "{}. That was half of its limit, which plain work has to fit into: the rest is for busy machines and large tasks",
                fault(&format!("`{export}` of a plain task"), error)
            )))
        }
        _ => Ok(()),
    }
}
