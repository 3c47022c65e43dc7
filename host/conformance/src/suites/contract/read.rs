//! Reading code.

use enginehouse_runtime::{Error, Finding, Task};

use super::shapes::{self, Shape};
use crate::{
    bench::{Bench, outside},
    judge::{Verdict, answered, ensure, unless_too_deep},
    samples::PROGRAMS,
    tasks,
};

pub(in crate::suites) async fn empty(bench: &Bench) -> Verdict {
    for task in [&bench.task, &tasks::empty(bench.plugin.describe())] {
        let report = bench.plugin.validate(&outside(), task, "").await;
        answered("`validate` of empty code", report)?;
    }
    Ok(())
}

pub(in crate::suites) async fn plain(bench: &Bench) -> Verdict {
    for (_, code) in shapes::plain() {
        let report = bench.plugin.validate(&outside(), &bench.task, &code).await;
        answered("`validate` of plain code", report)?;
    }
    Ok(())
}

/// Two plugins that share nothing read the same code.
pub(in crate::suites) async fn pure(bench: &Bench) -> Verdict {
    for code in PROGRAMS.iter().copied().chain(["print(", "x = undefined_name\n"]) {
        let call = "`validate`";
        let first = answered(call, bench.plugin.validate(&outside(), &bench.task, code).await)?;
        let again = answered(call, bench.anew.validate(&outside(), &bench.task, code).await)?;
        same(&first.findings, &again.findings)?;
    }
    Ok(())
}

pub(in crate::suites) async fn odd(bench: &Bench) -> Verdict {
    survives(bench, shapes::odd()).await
}

pub(in crate::suites) async fn deep(bench: &Bench) -> Verdict {
    survives(bench, shapes::deep()).await
}

pub(in crate::suites) async fn huge(bench: &Bench) -> Verdict {
    survives(bench, shapes::huge()).await
}

/// Fails where the same code had other findings.
pub(in crate::suites) fn same(first: &[Finding], again: &[Finding]) -> Verdict {
    ensure(first == again, || {
        let told = |findings: &[Finding]| {
            let told: Vec<_> =
                findings.iter().map(|finding| format!("{}: {}", finding.rule, finding.message)).collect();
            if told.is_empty() { "nothing".to_owned() } else { told.join("; ") }
        };
        let (first, again) = (told(first), told(again));
        format!(
            "`validate` found {first:.600} in a piece of code, and in the same code again {again:.600}. It has to be pure: let \
             it depend on task, code and settings alone, on no clock, no random number, and no order of a hash map"
        )
    })
}

async fn survives(bench: &Bench, shapes: Vec<Shape>) -> Verdict {
    let task: Task = tasks::empty(bench.plugin.describe());
    for (what, code) in shapes {
        let mut report = bench.plugin.validate(&outside(), &task, &code).await;
        if matches!(report, Err(Error::OutOfTime { .. })) {
            // The clock runs on while others have the processor: a busy machine is no fault of the plugin's.
            report = bench.plugin.validate(&outside(), &task, &code).await;
        }
        unless_too_deep(&format!("`validate` of {what}"), report)?;
    }
    Ok(())
}
