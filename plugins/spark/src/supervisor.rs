//! The export: what each call of the contract does for Spark.

use enginehouse_sdk::{
    Attempt, Choice, Description, Draft, Earlier, Failure, Finding, Health, LogChunk, Outcome, Phase, Platform,
    Progress, Supervisor, Task,
    host::processes::{self, Output, Program, State},
};

use crate::{failure, outcome, prelude, rules, write};

/// The engine's name in `processes`.
const ENGINE: &str = "spark";
/// A Spark program takes seconds: polling faster than this only costs.
const POLL_AFTER_MS: u32 = 300;

/// Spark on the platform `local`: one program, one sandbox.
#[derive(Debug)]
pub struct Spark;

impl Supervisor for Spark {
    fn describe() -> Description {
        let platform = |name: &str, summary: &str| Platform { name: name.to_owned(), summary: summary.to_owned() };
        Description {
            framework: "spark".to_owned(),
            title: "Apache Spark".to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            platforms: vec![platform("local", "PySpark on the host's own machine, in a sandbox without network")],
            rules: rules::rules(),
            options: Vec::new(),
            settings: Vec::new(),
        }
    }

    fn plan(task: &Task) -> Result<Choice, Failure> {
        let place = task.places.iter().find(|place| place.platform == "local");
        match (task.platform.as_deref(), place) {
            (None | Some("auto" | "local"), Some(_)) => Ok(Choice {
                platform: "local".to_owned(),
                reason: "`local` is the only platform that is set up".to_owned(),
                estimate: None,
            }),
            (Some("lambda"), _) => Err(not_set_up("lambda", "functions.spark")),
            (Some("emr"), _) => Err(not_set_up("emr", "batches.spark")),
            (Some(other @ ("auto" | "local")), None) => Err(Failure::Unsupported(format!(
                "the platform `{other}` has no place here: run `enginehouse engines install spark`"
            ))),
            (Some(other), _) => Err(Failure::Unsupported(format!(
                "Spark has no platform `{other}`: use `local`, `lambda`, `emr` or `auto`"
            ))),
            (None, None) => Err(Failure::Unsupported("no platform is set up for Spark".to_owned())),
        }
    }

    fn generate(task: &Task, earlier: &[Earlier]) -> Result<Draft, Failure> {
        write::generate(task, earlier)
    }

    fn validate(task: &Task, code: &str) -> Vec<Finding> {
        rules::validate(task, code)
    }

    fn submit(task: &Task, code: &str, attempt: &Attempt) -> Result<String, Failure> {
        processes::start(&Program {
            token: attempt.token.clone(),
            engine: ENGINE.to_owned(),
            prelude: prelude::prelude(task),
            code: code.to_owned(),
            timeout_seconds: attempt.timeout_seconds,
        })
        .map_err(Failure::Host)?;
        Ok(attempt.token.clone())
    }

    fn poll(_: &Attempt, ticket: &str) -> Result<Progress, Failure> {
        let (phase, detail) = match processes::check(ticket).map_err(Failure::Host)? {
            State::Queued => (Phase::Queued, "waits for a free sandbox".to_owned()),
            State::Running => (Phase::Running, "runs in its sandbox".to_owned()),
            State::Exited(0) => (Phase::Succeeded, "exited with 0".to_owned()),
            State::Exited(status) if status < 0 => {
                (Phase::Failed, format!("ended by signal {}", status.unsigned_abs()))
            }
            State::Exited(status) => (Phase::Failed, format!("exited with {status}")),
            State::Stopped(limit) if limit == "cancelled" => (Phase::Cancelled, "cancelled".to_owned()),
            State::Stopped(limit) => (Phase::Failed, format!("stopped at its limit: {limit}")),
            State::Lost => return Err(Failure::Lost("the sandbox is gone and left no exit status".to_owned())),
        };
        Ok(Progress { phase, detail: Some(detail), poll_after_ms: POLL_AFTER_MS })
    }

    /// What the program printed, then what it wrote to its standard error.
    fn log(_: &Attempt, ticket: &str, after: u64) -> Result<LogChunk, Failure> {
        // The lowest bit of the position says which of the two outputs it is in.
        let (output, position) = (after & 1, after >> 1);
        let read = |output, position| processes::log(ticket, output, position).map_err(Failure::Host);
        if output == 1 {
            let chunk = read(Output::Stderr, position)?;
            return Ok(LogChunk { next: chunk.next << 1 | 1, ..chunk });
        }
        let chunk = read(Output::Stdout, position)?;
        let next = if chunk.end { 1 } else { chunk.next << 1 };
        Ok(LogChunk { next, end: false, ..chunk })
    }

    fn cancel(attempt: &Attempt, ticket: &str) -> Result<(), Failure> {
        let token = if ticket.is_empty() { &attempt.token } else { ticket };
        processes::cancel(token).map_err(Failure::Host)
    }

    fn fetch(attempt: &Attempt, ticket: &str) -> Result<Outcome, Failure> {
        match processes::check(ticket).map_err(Failure::Host)? {
            State::Exited(0) => outcome::collect(attempt),
            ended => Ok(Outcome {
                tables: Vec::new(),
                document: None,
                failure: Some(failure::told(attempt, &ended)),
                figures: Vec::new(),
            }),
        }
    }

    fn status() -> Result<Vec<Health>, Failure> {
        let (ready, detail) = match processes::probe(ENGINE) {
            Ok(detail) => (true, detail),
            Err(error) => (false, error.text().to_owned()),
        };
        Ok(vec![Health { platform: "local".to_owned(), ready, detail }])
    }
}

fn not_set_up(platform: &str, setting: &str) -> Failure {
    Failure::Unsupported(format!(
        "the platform `{platform}` is not set up: it needs the setting `{setting}`, which this version cannot fill yet; \
         use `local`"
    ))
}

#[cfg(test)]
mod tests {
    use enginehouse_sdk::Place;

    use super::*;

    fn task(platform: Option<&str>) -> Task {
        Task {
            prompt: "count rows".into(),
            sources: Vec::new(),
            output: None,
            platform: platform.map(str::to_owned),
            places: vec![Place { platform: "local".into(), target: "spark".into() }],
            options: Vec::new(),
        }
    }

    #[test]
    fn nothing_and_auto_mean_local() {
        for asked in [None, Some("auto"), Some("local")] {
            assert_eq!(Spark::plan(&task(asked)).unwrap().platform, "local");
        }
    }

    #[test]
    fn what_is_not_set_up_is_refused_with_its_setting() {
        for (asked, named) in [("lambda", "functions.spark"), ("emr", "batches.spark"), ("mars", "mars")] {
            match Spark::plan(&task(Some(asked))) {
                Err(Failure::Unsupported(text)) => assert!(text.contains(named), "{text}"),
                other => panic!("{asked}: {other:?}"),
            }
        }
    }

    #[test]
    fn without_a_place_local_says_what_to_install() {
        let task = Task { places: Vec::new(), ..task(Some("local")) };
        assert!(matches!(Spark::plan(&task), Err(Failure::Unsupported(text)) if text.contains("engines install")));
    }
}
