//! Writing code, and finding code that is clean.

use enginehouse_runtime::{Draft, Earlier, EngineError, Error, Failure, Task};

use crate::{
    bench::{Bench, Clean, outside},
    judge::{Stop, Verdict, failed, in_words},
    samples, tasks,
};

pub(in crate::suites) async fn without_model(bench: &Bench) -> Verdict {
    considered("`generate` without a model", generate(bench, &[]).await)
}

pub(in crate::suites) async fn with_model(bench: &Bench) -> Verdict {
    let drafted = with_reply(bench, &[]).await;
    considered("`generate` with a model", drafted)
}

pub(in crate::suites) async fn again(bench: &Bench) -> Verdict {
    let failure = EngineError {
        kind: "Error".to_owned(),
        message: "it did not work".to_owned(),
        line: Some(1),
        hint: Some("write it differently".to_owned()),
    };
    let earlier = [Earlier { code: "print(1)\n".to_owned(), findings: Vec::new(), failure: Some(failure) }];
    considered("`generate` after a try that failed", with_reply(bench, &earlier).await)
}

/// Whether the author's sample, where there is one, can be submitted.
pub(in crate::suites) async fn sample(bench: &Bench) -> Verdict {
    match &bench.clean {
        _ if bench.sample.code.is_empty() => {
            Err(Stop::Skipped("no code was given; it is only needed where the kit knows none".to_owned()))
        }
        Ok(_) => Ok(()),
        Err(reason) => Err(failed(format!("{reason}. Give code that the plugin itself finds clean"))),
    }
}

/// Code that the plugin finds clean, else why there is none: the author's, what the plugin wrote, what the kit knows.
pub(in crate::suites) async fn clean(bench: &Bench) -> Result<Clean, String> {
    let mut codes = Vec::new();
    if bench.sample.code.is_empty() {
        codes.extend(generate(bench, &[]).await.ok().map(|draft| draft.code));
        codes.extend(with_reply(bench, &[]).await.ok().map(|draft| draft.code));
        codes.extend(samples::PROGRAMS.map(str::to_owned));
    } else {
        codes.push(bench.sample.code.clone());
    }
    let platform = bench.task.places.first().map(|place| place.platform.clone());
    let mut reason = None;
    for code in &codes {
        for task in [&bench.task, &tasks::empty(bench.plugin.describe())] {
            let task = Task { platform: platform.clone(), ..task.clone() };
            match bench.plugin.validate(&outside(), &task, code).await {
                Ok(report) => match report.validated {
                    Some(code) => return Ok(Clean { task, code }),
                    None => reason = reason.or_else(|| report.findings.first().map(|finding| finding.message.clone())),
                },
                Err(error) => reason = reason.or(Some(error.to_string())),
            }
        }
    }
    let first = reason.unwrap_or_else(|| "nothing".to_owned());
    Err(format!("no code was found clean (of the first: {first}), so no work could be started; give the kit a sample"))
}

async fn generate(bench: &Bench, earlier: &[Earlier]) -> Result<Draft, Error> {
    bench.plugin.generate(&outside(), &bench.task, earlier).await
}

async fn with_reply(bench: &Bench, earlier: &[Earlier]) -> Result<Draft, Error> {
    bench.world.set_model(Some(samples::reply(&bench.plugin.describe().framework)));
    let drafted = generate(bench, earlier).await;
    bench.world.set_model(None);
    drafted
}

/// A draft, or a refusal that says what to change.
fn considered(call: &str, drafted: Result<Draft, Error>) -> Verdict {
    match in_words(call, drafted)? {
        Ok(_) | Err(Failure::Unsupported(_) | Failure::Host(_)) => Ok(()),
        Err(other @ (Failure::Lost(_) | Failure::Rejected(_))) => Err(failed(format!(
            "{call} failed with {}. That is for other exports: give a draft, `unsupported` with what to change, or the \
             `host`'s error",
            if matches!(other, Failure::Lost(_)) { "`lost`" } else { "`rejected`" }
        ))),
    }
}
