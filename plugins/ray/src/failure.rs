//! What a failure of Ray is, whatever the platform: its class for the caller, and for the repair what usually mends it.

use enginehouse_sdk::program::{Class, Report};

/// Names of errors, each with the class that they belong to. What a task raised comes as `RayTaskError(<name>)`, so a name may
/// stand within another; the first that fits counts.
const NAMES: &[(&[&str], Class)] = &[
    (
        &["ModuleNotFoundError", "ImportError"],
        class("missing-module", "use only Ray, PyArrow, pandas, NumPy and Python's own modules"),
    ),
    (&["FileNotFoundError"], class("missing-path", "read the given path, as it was given")),
    (&["PermissionError"], class("permission", "read the given sources and write below OUTPUT_PATH, and nothing else")),
    (&["ArrowKeyError"], class("missing-column", "use a column of the source, spelled as it is there")),
    // Of a dictionary as well, so its own name says it.
    (&["KeyError"], hint("use a column or key that is there, spelled as it is in the source")),
    (&["ArrowNotImplementedError"], class("bad-type", "cast the columns to types that the operation takes")),
    (&["ArrowInvalid", "ArrowTypeError"], class("bad-cell", "give the column the type that all its cells fit")),
    (
        &["OutOfMemoryError", "ObjectStoreFullError", "MemoryError"],
        class("memory", "hold less in memory: read only the columns that are needed, and aggregate before collecting"),
    ),
    (&["OutOfDiskError"], class("disk", "hold less at once: what does not fit into memory is spilled to disk")),
    (
        &["WorkerCrashedError", "ActorDiedError", "ActorUnavailableError", "NodeDiedError"],
        class("worker-lost", "hold less in memory in each task, and do not end the process"),
    ),
    (&["GetTimeoutError"], hint("wait longer in `ray.get`, or do less in one task")),
    (&["TaskUnschedulableError", "ActorUnschedulableError"], hint("ask for no more CPUs than there are, and no GPUs")),
    (&["RuntimeEnvSetupError"], hint("leave `runtime_env` out of `ray.init`: the operator sets it")),
    (&["ZeroDivisionError", "OverflowError"], hint("mind empty groups, zeros and very large numbers")),
    (&["NameError", "UnboundLocalError"], hint("import or define the name before it is used")),
];

/// What an error's words say, where its name says nothing. Of programs' own exceptions they are for people.
const WORDS: &[(&[&str], Class)] = &[
    (
        &["ACCESS_DENIED", "AccessDenied", "Access Denied", "HTTP status 403", "Forbidden"],
        class("permission", "read the given sources and write below OUTPUT_PATH, and nothing else"),
    ),
    (
        &["NO_SUCH_BUCKET", "NoSuchBucket", "Path does not exist", "No such file or directory", "NO_SUCH_KEY"],
        class("missing-path", "read the given path, as it was given"),
    ),
    (&["No space left on device"], class("disk", "write and spill less: aggregate before writing")),
];

const fn class(kind: &'static str, hint: &'static str) -> Class {
    Class { kind: Some(kind), hint: Some(hint) }
}

const fn hint(hint: &'static str) -> Class {
    Class { kind: None, hint: Some(hint) }
}

/// The class of a failure; none where its own name says all.
pub(crate) fn classify(report: &Report) -> Option<Class> {
    let kind = report.kind.as_str();
    // What the platform itself tells: there is no report of the program's own.
    if kind == "signal" {
        return Some(hint("hold less in memory: a program that takes too much is killed"));
    }
    let of_name = NAMES.iter().find(|(names, _)| names.iter().any(|name| kind.contains(name)));
    let engines = kind.contains("OSError") || kind.contains("RayError") || kind == "gateway" || kind == "cluster";
    let says = || WORDS.iter().find(|(words, _)| engines && words.iter().any(|word| report.message.contains(word)));
    of_name.or_else(says).map(|(_, class)| *class)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(kind: &str, message: &str) -> Option<&'static str> {
        classify(&Report { kind: kind.into(), message: message.into(), ..Report::default() })?.kind
    }

    #[test]
    fn what_is_raised_here_or_in_a_task_has_a_class_by_its_name() {
        for (name, class) in [
            ("ArrowKeyError", "missing-column"),
            ("ModuleNotFoundError", "missing-module"),
            ("OutOfMemoryError", "memory"),
            ("WorkerCrashedError", "worker-lost"),
        ] {
            assert_eq!(kind(name, ""), Some(class), "{name}");
        }
        for name in ["RayTaskError(KeyError)", "GetTimeoutError", "ZeroDivisionError"] {
            let told = classify(&Report { kind: name.into(), ..Report::default() }).unwrap();
            assert!(told.kind.is_none() && told.hint.is_some(), "{name} keeps its name");
        }
        assert_eq!(kind("ValueError", "Access Denied: No such file or directory"), None, "a program's own words");
    }

    #[test]
    fn what_the_store_says_has_a_class_by_its_words() {
        let denied = "When reading information for key 'a' in bucket 'b': AWS Error ACCESS_DENIED during HeadObject";
        assert_eq!(kind("OSError", denied), Some("permission"));
        assert_eq!(kind("OSError", "AWS Error NO_SUCH_BUCKET during GetObject"), Some("missing-path"));
        assert_eq!(kind("OSError", "something new"), None);
    }

    #[test]
    fn a_program_that_was_killed_is_told_what_kills_programs() {
        let told = classify(&Report { kind: "signal".into(), ..Report::default() }).unwrap();
        assert!(told.kind.is_none() && told.hint.is_some_and(|hint| hint.contains("memory")));
    }
}
