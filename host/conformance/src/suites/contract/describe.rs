//! What the plugin says of itself and of its platforms.

use crate::{
    bench::{Bench, outside},
    judge::{Verdict, ensure, in_words},
};

pub(in crate::suites) async fn the_same(bench: &Bench) -> Verdict {
    let others = [Some(&bench.anew), bench.frugal.as_ref().ok()];
    let same = others.into_iter().flatten().all(|other| other.describe() == bench.plugin.describe());
    ensure(same, || {
        "`describe` gave something else when the plugin was loaded again. It has to be constant: let it depend on no clock, \
         no random number and no state"
            .to_owned()
    })
}

pub(in crate::suites) async fn has_a_platform(bench: &Bench) -> Verdict {
    ensure(!bench.plugin.describe().platforms.is_empty(), || {
        "`describe` names no platform, so no work can go anywhere. Name at least one".to_owned()
    })
}

pub(in crate::suites) async fn status(bench: &Bench) -> Verdict {
    in_words("`status`", bench.plugin.status(&outside()).await).map(|_| ())
}
