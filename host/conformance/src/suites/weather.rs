//! One round in which every host function refuses.

use enginehouse_runtime::{Draft, Error, Failure, HostError};

use super::contract::work::{follow, is_end, outcome};
use crate::{
    bench::{Bench, Work, outside},
    judge::{Stop, Verdict, ensure, failed, in_words},
    samples,
    world::Weather,
};

/// Calls every export that may ask the host for something. Without clean code, those that are about no work.
pub(super) async fn round(bench: &Bench, weather: Weather) -> Verdict {
    bench.world.set_model(Some(samples::reply(&bench.plugin.describe().framework)));
    let round = in_weather(bench, weather).await;
    bench.world.set_weather(Weather::Fair);
    bench.world.set_model(None);
    round
}

async fn in_weather(bench: &Bench, weather: Weather) -> Verdict {
    let writes = generate(bench).await.is_ok();
    let works = started(bench).await;
    bench.world.set_weather(weather);
    let call = |export: &str| format!("`{export}` while every host function answers `{weather}`");
    let drafted = in_words(&call("generate"), generate(bench).await)?;
    if let (true, true, Err(Failure::Unsupported(said))) = (writes, is_passing(weather), drafted) {
        return Err(failed(format!("{} said `unsupported` ({said}). {}", call("generate"), hand_back(weather))));
    }
    let _ = in_words(&call("status"), bench.plugin.status(&outside()).await)?;
    let Works { running, ended, outcome } = works?;
    let Work { cx, attempt, ticket } = &running;

    if let Ok(progress) = kept(weather, &call("poll"), bench.plugin.poll(cx, attempt, ticket).await)? {
        // Who asks no engine has its work itself, and knows.
        ensure(!is_end(progress.phase) || bench.plugin.works_by_itself(), || {
            format!("{} told {:?}, though nobody knows. {}", call("poll"), progress.phase, hand_back(weather))
        })?;
    }
    let _ = kept(weather, &call("log"), bench.plugin.log(cx, attempt, ticket, 0).await)?;
    let _ = kept(weather, &call("cancel"), bench.plugin.cancel(cx, attempt, ticket).await)?;
    let _ = kept(weather, &call("cancel"), bench.plugin.cancel(cx, attempt, "").await)?;
    let fetched = bench.plugin.fetch(&ended.cx, &ended.attempt, &ended.ticket).await;
    if let Ok(fetched) = kept(weather, &call("fetch"), fetched)? {
        ensure(outcome.is_none_or(|outcome| outcome == fetched), || {
            format!("{} gave another outcome than before, so results are lost. {}", call("fetch"), hand_back(weather))
        })?;
    }
    let clean = bench.clean()?;
    let (cx, attempt) = bench.attempt()?;
    let submitted = bench.plugin.submit(&cx, &clean.task, &clean.code, &attempt).await;
    kept(weather, &call("submit"), submitted).map(|_| ())
}

/// Work from fair weather.
struct Works {
    running: Work,
    ended: Work,
    outcome: Option<enginehouse_runtime::Outcome>,
}

async fn started(bench: &Bench) -> Verdict<Works> {
    let ended = bench.submit().await?;
    follow(bench, &bench.plugin, &ended).await?;
    let outcome = match outcome(bench, &bench.plugin, &ended).await {
        Ok(outcome) => Some(outcome),
        Err(Stop::Skipped(_)) => None,
        Err(failed) => return Err(failed),
    };
    Ok(Works { running: bench.submit().await?, ended, outcome })
}

async fn generate(bench: &Bench) -> Result<Draft, Error> {
    bench.plugin.generate(&outside(), &bench.task, &[]).await
}

/// An answer, or a refusal that says the same as the host did: the host tries again what passes, and gives up the rest.
fn kept<T>(weather: Weather, call: &str, result: Result<T, Error>) -> Verdict<Result<T, Failure>> {
    let said = in_words(call, result)?;
    if let Err(failure) = &said {
        let passing = matches!(failure, Failure::Host(HostError::Unavailable(_) | HostError::TimedOut(_)));
        let lost = matches!(failure, Failure::Lost(_));
        ensure(!lost && passing == is_passing(weather), || {
            let what = if lost { "`lost`, which ends the run" } else { "something else" };
            let failure = Error::Failed(failure.clone());
            format!("{call} said {what} ({failure}). {}", hand_back(weather))
        })?;
    }
    Ok(said)
}

/// Whether the host tries again after it.
fn is_passing(weather: Weather) -> bool {
    matches!(weather, Weather::Unavailable | Weather::TimedOut)
}

fn hand_back(weather: Weather) -> String {
    let then = if is_passing(weather) { "the host tries again later" } else { "the run ends with that reason" };
    format!("Hand the host's own error back, as `failure.host({weather})`: then {then}")
}
