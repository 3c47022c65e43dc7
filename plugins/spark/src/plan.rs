//! Which platform a task runs on.

use enginehouse_sdk::{Choice, Failure, Source, Task, host};

use crate::estimate;

/// Sources of together more than this go to batches, in MB, where the operator does not say.
const LAMBDA_MAX_MB: u64 = 500;
const MB: u64 = 1_000_000;
/// The operator's setting for it.
pub(crate) const SETTING: &str = "lambda-max-mb";

/// Chooses the platform: the one that was asked for, or with `auto`, or nothing, the one that fits the sources.
///
/// # Errors
/// [`Failure::Unsupported`] for a platform that is not there or not set up, with the way out.
pub(crate) fn plan(task: &Task) -> Result<Choice, Failure> {
    let most = host::setting(SETTING).and_then(|text| text.parse().ok()).unwrap_or(LAMBDA_MAX_MB);
    choose(task, most)
}

fn choose(task: &Task, lambda_max_mb: u64) -> Result<Choice, Failure> {
    let set_up = |platform: &str| task.places.iter().any(|place| place.platform == platform);
    let chosen = |platform: &str, reason: String| {
        let estimate = Some(estimate::usage(platform, at_most_mb(task)));
        Ok(Choice { platform: platform.to_owned(), reason, estimate })
    };
    let asked = task.platform.as_deref().unwrap_or("auto");
    match asked {
        "auto" => {}
        "local" | "lambda" | "emr" if set_up(asked) => return chosen(asked, format!("`{asked}` was asked for")),
        "local" | "lambda" | "emr" => {
            let text = format!("the platform `{asked}` has no place here: {}", way_out(asked));
            return Err(Failure::Unsupported(text));
        }
        other => {
            let text = format!("Spark has no platform `{other}`: use `local`, `lambda`, `emr` or `auto`");
            return Err(Failure::Unsupported(text));
        }
    }
    let tables = task.sources.iter().any(|source| matches!(source, Source::Table(_)));
    let size = size_mb(task);
    let fits = size.is_none_or(|size| size <= lambda_max_mb);
    match (set_up("lambda"), set_up("emr"), set_up("local")) {
        (_, true, _) if tables => chosen("emr", "tables of the catalog are read where it is at home".to_owned()),
        (true, _, _) if fits && size.is_some() => chosen("lambda", within(size, lambda_max_mb)),
        (_, true, _) if size.is_some() => chosen("emr", beyond(size, lambda_max_mb)),
        (true, _, _) if fits => chosen("lambda", "nothing says that the sources are large".to_owned()),
        (_, true, _) => chosen("emr", "the size of the sources is not known".to_owned()),
        (_, _, true) => chosen("local", "`local` is the only platform that is set up".to_owned()),
        (true, ..) => {
            let text = format!("{}, and `emr` is not set up: {}", beyond(size, lambda_max_mb), way_out("emr"));
            Err(Failure::Unsupported(text))
        }
        (false, false, false) => {
            Err(Failure::Unsupported(format!("no platform is set up for Spark: {}", way_out("local"))))
        }
    }
}

fn within(size: Option<u64>, most: u64) -> String {
    format!("the sources have {} MB, not more than `{SETTING}`, {most}", size.unwrap_or_default())
}

fn beyond(size: Option<u64>, most: u64) -> String {
    format!("the sources have {} MB, more than `{SETTING}`, {most}", size.unwrap_or_default())
}

/// All sources together, rounded up; none where one is not known.
fn size_mb(task: &Task) -> Option<u64> {
    Some(task.sources.iter().map(bytes).sum::<Option<u64>>()?.div_ceil(MB))
}

/// The same, with a size for what is not known.
fn at_most_mb(task: &Task) -> u64 {
    task.sources.iter().map(|source| bytes(source).map_or(estimate::UNKNOWN_MB, |bytes| bytes.div_ceil(MB))).sum()
}

fn bytes(source: &Source) -> Option<u64> {
    match source {
        Source::Objects(objects) => objects.bytes,
        Source::Table(_) | Source::Relation(_) => None,
    }
}

fn way_out(platform: &str) -> String {
    match platform {
        "local" => {
            "run `enginehouse engines install spark`, on a server whose object store is the embedded one".to_owned()
        }
        other => format!(
            "the operator names its target in `frameworks.spark.places.{other}`, one of `{}`",
            if other == "lambda" { "functions.targets" } else { "batches.targets" }
        ),
    }
}

#[cfg(test)]
mod tests {
    use enginehouse_sdk::{Place, testing};

    use super::*;

    fn task(platforms: &[&str], asked: Option<&str>, sources: Vec<Source>) -> Task {
        let place = |platform: &&str| Place { platform: (*platform).into(), target: "spark".into() };
        Task {
            platform: asked.map(str::to_owned),
            places: platforms.iter().map(place).collect(),
            ..testing::task("count rows", sources)
        }
    }

    fn objects(bytes: Option<u64>) -> Vec<Source> {
        let mut csv = testing::csv("s3://raw/a.csv", &[("a", "int")]);
        csv.bytes = bytes;
        vec![Source::Objects(csv)]
    }

    fn table() -> Vec<Source> {
        vec![Source::Table(testing::table("db", "t", &[("a", "int")]))]
    }

    const ALL: &[&str] = &["local", "lambda", "emr"];

    #[test]
    fn what_was_asked_for_is_taken() {
        for asked in ALL {
            assert_eq!(plan(&task(ALL, Some(asked), Vec::new())).unwrap().platform, *asked);
        }
    }

    #[test]
    fn auto_goes_by_what_is_there_and_by_size() {
        for (there, sources, platform) in [
            (&["local"][..], objects(Some(900 * MB)), "local"),
            (ALL, objects(Some(500 * MB)), "lambda"),
            (ALL, objects(Some(500 * MB + 1)), "emr"),
            (ALL, Vec::new(), "lambda"),
            (ALL, objects(None), "lambda"),
            (ALL, table(), "emr"),
            (&["local", "lambda"], table(), "lambda"),
            (&["local", "emr"], objects(None), "emr"),
            (&["local", "lambda"], objects(Some(900 * MB)), "local"),
        ] {
            for asked in [None, Some("auto")] {
                let choice = plan(&task(there, asked, sources.clone())).unwrap();
                assert_eq!(choice.platform, platform, "{there:?} {sources:?}: {}", choice.reason);
                assert!(choice.estimate.is_some_and(|estimate| estimate.seconds > Some(0)));
                assert!(!choice.reason.is_empty());
            }
        }
    }

    #[test]
    fn what_is_not_set_up_is_refused_with_its_setting() {
        for (there, asked, sources, named) in [
            (&["local"][..], "lambda", Vec::new(), "frameworks.spark.places.lambda"),
            (&["local"], "emr", Vec::new(), "frameworks.spark.places.emr"),
            (&["lambda"], "local", Vec::new(), "engines install"),
            (&[], "auto", Vec::new(), "engines install"),
            (&["lambda"], "auto", objects(Some(900 * MB)), "lambda-max-mb"),
            (ALL, "mars", Vec::new(), "mars"),
        ] {
            match plan(&task(there, Some(asked), sources)) {
                Err(Failure::Unsupported(text)) => assert!(text.contains(named), "{text}"),
                other => panic!("{asked}: {other:?}"),
            }
        }
    }
}
