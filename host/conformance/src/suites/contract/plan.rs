//! Which platform the plugin chooses.

use enginehouse_runtime::{Error, Task};

use crate::{
    bench::{Bench, outside},
    judge::{Verdict, answered, ensure, failed, in_words},
};

pub(in crate::suites) async fn chooses(bench: &Bench) -> Verdict {
    let cx = outside();
    let call = "`plan` with a place for each platform that `describe` names";
    let first = answered(call, bench.plugin.plan(&cx, &bench.task).await)?;
    let again = answered(call, bench.anew.plan(&cx, &bench.task).await)?;
    ensure(first == again, || {
        format!(
            "`plan` chose `{}` and then, for the same task, `{}` ({}; {}). It has to be pure: let it depend on the task \
                 and the settings alone",
            first.platform, again.platform, first.reason, again.reason
        )
    })
}

pub(in crate::suites) async fn asked(bench: &Bench) -> Verdict {
    for place in &bench.task.places {
        let asked = &place.platform;
        let task = Task { platform: Some(asked.clone()), ..bench.task.clone() };
        let call = format!("`plan` for the platform `{asked}`");
        if let Ok(choice) = in_words(&call, bench.plugin.plan(&outside(), &task).await)? {
            ensure(choice.platform == *asked, || {
                format!(
                    "{call} chose `{}`. Take what the caller asked for, or refuse with `unsupported`",
                    choice.platform
                )
            })?;
        }
    }
    let task = Task { platform: Some("no-such-platform".to_owned()), ..bench.task.clone() };
    in_words("`plan` for a platform that there is not", bench.plugin.plan(&outside(), &task).await).map(|_| ())
}

pub(in crate::suites) async fn nowhere(bench: &Bench) -> Verdict {
    let task = Task { places: Vec::new(), ..bench.task.clone() };
    match bench.plugin.plan(&outside(), &task).await {
        // The runtime refuses a choice that is none of the places.
        Ok(_) | Err(Error::Invalid(_)) => Err(failed(
            "`plan` chose a platform though the task has no places. Refuse with `unsupported`, and say what the operator has \
             to set up",
        )),
        other => in_words("`plan` without places", other).map(|_| ()),
    }
}
