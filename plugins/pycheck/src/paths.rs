//! Paths in the object store: which are the same, which lies under which.

use enginehouse_sdk::{Source, Task};

use crate::{OUTPUT_PATH, Part, Value};

/// How a path begins before anything is told of its place.
const STARTS: &[&str] = &["s3://", "s3a://", "s3n://", "file:///"];

/// How a path relates to what the task allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fit {
    /// It lies within.
    Yes,
    /// It does not.
    No,
    /// Too little of it is known.
    Unknown,
}

/// `s3a://` and `s3n://` are `s3://`; a slash at the end and doubled slashes say nothing.
pub fn normal(path: &str) -> String {
    let path = path.trim();
    let rest = ["s3://", "s3a://", "s3n://"].iter().find_map(|scheme| {
        path.get(..scheme.len())
            .filter(|start| start.eq_ignore_ascii_case(scheme))
            .and_then(|_| path.get(scheme.len()..))
    });
    let (scheme, rest) = match rest {
        Some(rest) => ("s3://", rest),
        None => ("", path),
    };
    let mut clean = String::with_capacity(path.len());
    for segment in rest.split('/').filter(|segment| !segment.is_empty() && *segment != ".") {
        if !clean.is_empty() {
            clean.push('/');
        }
        clean.push_str(segment);
    }
    let root = if scheme.is_empty() && rest.starts_with('/') { "/" } else { "" };
    format!("{scheme}{root}{clean}")
}

/// Whether a path of which all is known reads nothing but a source's objects. Globs are taken to match anything.
fn inside(path: &str, uri: &str) -> bool {
    if path.split('/').any(|segment| segment == "..") {
        return false;
    }
    if normal(path) == normal(uri) {
        return true;
    }
    let fixed = path.find(['*', '?', '[', '{']).map(|at| path.get(..at).unwrap_or_default());
    let under = format!("{}/", normal(uri));
    match fixed {
        Some(fixed) => normal_start(fixed).starts_with(&under),
        None => uri.ends_with('/') && normal(path).starts_with(&under),
    }
}

/// The beginning of a path, normalised, with its slash at the end.
fn normal_start(start: &str) -> String {
    let clean = normal(start);
    if start.ends_with('/') && !clean.ends_with('/') { format!("{clean}/") } else { clean }
}

/// How a value fits one of these places. A place that ends in `/` is a prefix.
pub fn fit<'u>(value: &Value, places: impl IntoIterator<Item = &'u str>) -> Fit {
    let places: Vec<&str> = places.into_iter().collect();
    if let Some(path) = value.known() {
        return if places.iter().any(|uri| inside(path, uri)) { Fit::Yes } else { Fit::No };
    }
    let start = value.prefix();
    if STARTS.iter().any(|scheme| scheme.starts_with(start)) || start == "/" {
        return Fit::Unknown;
    }
    let climbs =
        value.parts().iter().any(|part| matches!(part, Part::Text(text) if text.split('/').any(|s| s == "..")));
    let start = normal_start(start);
    let under = |uri: &&str| start.starts_with(&format!("{}/", normal(uri))) && uri.ends_with('/');
    let may_become = |uri: &&str| format!("{}/", normal(uri)).starts_with(&start);
    if !climbs && places.iter().any(under) {
        Fit::Yes
    } else if places.iter().any(may_become) {
        Fit::Unknown
    } else {
        Fit::No
    }
}

/// Whether a value lies under `OUTPUT_PATH` or the output that the caller declared.
pub fn output(task: &Task, value: &Value) -> Fit {
    if let Some(rest) = value.after_env(OUTPUT_PATH) {
        let climbs = rest.iter().any(|part| matches!(part, Part::Text(text) if text.split('/').any(|s| s == "..")));
        return if climbs { Fit::No } else { Fit::Yes };
    }
    let declared = task.output.as_deref().map(|uri| format!("{}/", uri.trim_end_matches('/')));
    fit(value, declared.as_deref())
}

/// What the task itself names: no placeholder, whatever it looks like.
pub fn given(task: &Task) -> Vec<&str> {
    let sources = task.sources.iter().flat_map(|source| match source {
        Source::Objects(source) => vec![source.uri.as_str()],
        Source::Table(table) => vec![table.name.as_str(), table.database.as_str()],
        Source::Relation(relation) => vec![relation.jdbc_url.as_str(), relation.name.as_str()],
    });
    sources.chain(task.output.as_deref()).chain([task.prompt.as_str()]).collect()
}

/// The uris of the task's object sources.
pub fn objects(task: &Task) -> Vec<&str> {
    task.sources
        .iter()
        .filter_map(|source| match source {
            Source::Objects(objects) => Some(objects.uri.as_str()),
            _ => None,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_path_in_other_words() {
        for path in ["s3://b/k", "s3a://b/k/", "S3N://b//k", "s3://b/./k"] {
            assert_eq!(normal(path), "s3://b/k", "{path}");
        }
        assert_eq!(normal("/in/x/"), "/in/x");
    }

    #[test]
    fn fits() {
        let text = |path: &str| Value::text(path);
        let part = |path: &str| Value::text(path).then(&Value::unknown());
        for (value, uri, expected) in [
            (text("s3a://b/k.csv"), "s3://b/k.csv", Fit::Yes),
            (text("s3://b/k.csv.bak"), "s3://b/k.csv", Fit::No),
            (text("s3://b/*.csv"), "s3://b/k.csv", Fit::No),
            (text("s3://b/d"), "s3://b/d/", Fit::Yes),
            (text("s3://b/d/*/x=1/*.csv"), "s3://b/d/", Fit::Yes),
            (text("s3://b/d*"), "s3://b/d/", Fit::No),
            (text("s3://b/d/../e"), "s3://b/d/", Fit::No),
            (text("s3://b/dd/x"), "s3://b/d/", Fit::No),
            (part("s3://b/d/"), "s3://b/d/", Fit::Yes),
            (part("s3://b/d"), "s3://b/d/", Fit::Unknown),
            (part("s3://"), "s3://b/d/", Fit::Unknown),
            (part("/"), "s3://b/d/", Fit::Unknown),
            (text("s3://b/*.csv"), "s3://b/*.csv", Fit::Yes),
            (part("s3://other/"), "s3://b/d/", Fit::No),
            (Value::unknown(), "s3://b/d/", Fit::Unknown),
        ] {
            assert_eq!(fit(&value, [uri]), expected, "{} in {uri}", value.display());
        }
        assert_eq!(fit(&part("s3://"), []), Fit::Unknown);
    }
}
