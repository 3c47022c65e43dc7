//! Has a plugin read code, and makes a finding of what stops it from reading.

use enginehouse_capabilities::CallContext;
use enginehouse_runtime::{Error, Finding, Plugin, Report, Severity, Task};

/// The plugin's report. Code that is nested too deeply for its stack is a finding, not a failure.
pub(crate) async fn read(plugin: &Plugin, cx: &CallContext, task: &Task, code: &str) -> Result<Report, Error> {
    match plugin.validate(cx, task, code).await {
        Err(Error::StackOverflow(_)) => Ok(Report { findings: vec![too_deep()], validated: None }),
        other => other,
    }
}

fn too_deep() -> Finding {
    Finding {
        rule: "C001".to_owned(),
        severity: Severity::Error,
        message: "the code is nested too deeply to be read".to_owned(),
        hint: Some("nest less deeply: split it into functions and names".to_owned()),
        span: None,
    }
}
