//! A task, an attempt, and what a call about it may touch.

use std::time::Duration;

use enginehouse_capabilities::{AttemptScope, CallContext, Token};
use enginehouse_runtime::{Attempt, Place, Task};
use uuid::Uuid;

pub(crate) fn task() -> Task {
    Task {
        prompt: "count the rows".into(),
        sources: Vec::new(),
        output: None,
        platform: None,
        places: vec![place()],
        options: Vec::new(),
    }
}

fn place() -> Place {
    Place { platform: "local".into(), target: "local".into() }
}

/// A context without an attempt.
pub(crate) fn outside() -> CallContext {
    CallContext { framework: String::new(), digest: String::new(), run: None, attempt: None }
}

/// A context with an attempt, and the attempt.
pub(crate) fn inside() -> (CallContext, Attempt) {
    let run = Uuid::from_u128(7);
    let scope = AttemptScope {
        token: Token::of_attempt(run, 1),
        inputs: vec!["s3://data/in.csv".parse().unwrap()],
        output: "s3://runs/7/1/out/".parse().unwrap(),
        scratch: "s3://runs/7/1/scratch/".parse().unwrap(),
        target: "local".into(),
        timeout: Duration::from_secs(600),
    };
    let attempt = Attempt {
        token: scope.token.to_string(),
        output: scope.output.to_string(),
        scratch: scope.scratch.to_string(),
        place: place(),
        timeout_seconds: 600,
    };
    (CallContext { run: Some(run), attempt: Some(scope), ..outside() }, attempt)
}
