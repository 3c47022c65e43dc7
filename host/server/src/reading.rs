//! Has a plugin read code, and makes a finding of what stops it from reading.

use enginehouse_capabilities::CallContext;
use enginehouse_runtime::{Error, Finding, Plugin, Report, Severity, Task};

/// The plugin's report. Code that is nested too deeply for its stack, or takes more memory to read than it has, is a finding and
/// not a failure: the same code would fail the same way again.
pub(crate) async fn read(plugin: &Plugin, cx: &CallContext, task: &Task, code: &str) -> Result<Report, Error> {
    let finding = match plugin.validate(cx, task, code).await {
        Err(Error::StackOverflow(_)) => {
            let hint = "nest less deeply: split it into functions and names";
            unreadable("the code is nested too deeply to be read", hint)
        }
        Err(Error::OutOfMemory { .. }) => {
            let hint = "send less code: a program of some thousand lines always fits";
            unreadable("the code takes more memory to read than the plugin has", hint)
        }
        other => return other,
    };
    Ok(Report { findings: vec![finding], validated: None })
}

fn unreadable(message: &str, hint: &str) -> Finding {
    Finding {
        rule: "C001".to_owned(),
        severity: Severity::Error,
        message: message.to_owned(),
        hint: Some(hint.to_owned()),
        span: None,
    }
}
