//! Which platform a task runs on.

use enginehouse_sdk::{Choice, Failure, Task};

/// Chooses the platform: the one that was asked for, or with `auto`, or nothing, the one that reaches the data.
///
/// # Errors
/// [`Failure::Unsupported`] for a platform that is not there or not set up, with the way out.
pub(crate) fn plan(task: &Task) -> Result<Choice, Failure> {
    let set_up = |platform: &str| task.places.iter().any(|place| place.platform == platform);
    let chosen = |platform: &str, reason: String| Ok(Choice { platform: platform.to_owned(), reason, estimate: None });
    let unsupported = |text: String| Err(Failure::Unsupported(text));
    match task.platform.as_deref().unwrap_or("auto") {
        // `local` is there only where objects are kept on this machine.
        "cluster" if set_up("local") && set_up("cluster") && !task.sources.is_empty() => unsupported(
            "the sources are kept on this machine, where a cluster does not reach them: use the platform `local`, or set \
             `objects.backend` to `s3`"
                .to_owned(),
        ),
        asked @ ("local" | "cluster") if set_up(asked) => chosen(asked, format!("`{asked}` was asked for")),
        asked @ ("local" | "cluster") => {
            unsupported(format!("the platform `{asked}` has no place here: {}", way_out(asked)))
        }
        "auto" => match (set_up("local"), set_up("cluster")) {
            (true, true) => {
                let reason = "objects are kept on this machine, where a cluster need not reach them";
                chosen("local", reason.to_owned())
            }
            (true, false) => chosen("local", "`local` is the only platform that is set up".to_owned()),
            (false, true) => chosen("cluster", "`cluster` is the only platform that is set up".to_owned()),
            (false, false) => {
                unsupported(format!("no platform is set up for Ray: {}; or {}", way_out("local"), way_out("cluster")))
            }
        },
        other => unsupported(format!("Ray has no platform `{other}`: use `local`, `cluster` or `auto`")),
    }
}

fn way_out(platform: &str) -> &'static str {
    match platform {
        "local" => "run `enginehouse engines install ray`, on a server whose object store is the embedded one",
        _ => "the operator names a server of tools in `frameworks.ray.places.cluster`, one of `tools.servers`",
    }
}

#[cfg(test)]
mod tests {
    use enginehouse_sdk::{Place, Source, testing};

    use super::*;

    fn task(platforms: &[&str], asked: Option<&str>) -> Task {
        let place = |platform: &&str| Place { platform: (*platform).into(), target: "ray".into() };
        Task {
            platform: asked.map(str::to_owned),
            places: platforms.iter().map(place).collect(),
            ..testing::task("count rows", Vec::new())
        }
    }

    #[test]
    fn what_was_asked_for_is_taken_and_auto_goes_by_what_is_there() {
        const ALL: &[&str] = &["local", "cluster"];
        for (there, asked, platform) in [
            (ALL, Some("cluster"), "cluster"),
            (ALL, Some("local"), "local"),
            (ALL, Some("auto"), "local"),
            (ALL, None, "local"),
            (&["cluster"], None, "cluster"),
            (&["local"], Some("auto"), "local"),
        ] {
            assert_eq!(plan(&task(there, asked)).unwrap().platform, platform, "{there:?} {asked:?}");
        }
    }

    #[test]
    fn a_cluster_is_not_asked_for_what_it_does_not_reach() {
        let source = Source::Objects(testing::csv("s3://enginehouse/a.csv", &[("a", "")]));
        let task = Task { sources: vec![source], ..task(&["local", "cluster"], Some("cluster")) };
        assert!(matches!(plan(&task), Err(Failure::Unsupported(text)) if text.contains("objects.backend")));
    }

    #[test]
    fn what_is_not_set_up_is_refused_with_the_way_out() {
        for (there, asked, named) in [
            (&["local"][..], Some("cluster"), "frameworks.ray.places.cluster"),
            (&["cluster"], Some("local"), "engines install"),
            (&[], None, "engines install"),
            (&["local"], Some("mars"), "mars"),
        ] {
            match plan(&task(there, asked)) {
                Err(Failure::Unsupported(text)) => assert!(text.contains(named), "{text}"),
                other => panic!("{asked:?}: {other:?}"),
            }
        }
    }
}
