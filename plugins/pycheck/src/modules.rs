//! Which modules of the standard library a program may import, and the rule that stands against the others.

mod denied;

use std::sync::LazyLock;

use rustc_hash::FxHashMap;

/// Modules that reach neither the system, the network nor other people's files. Of `os`, `sys` and `builtins` only parts may be used;
/// of `pathlib`, `io`, `gzip` and `logging` what opens no file.
pub const SAFE: &[&str] = &[
    "__future__",
    "abc",
    "argparse",
    "array",
    "ast",
    "atexit",
    "base64",
    "binascii",
    "bisect",
    "builtins",
    "bz2",
    "calendar",
    "cmath",
    "codecs",
    "collections",
    "configparser",
    "contextlib",
    "contextvars",
    "copy",
    "csv",
    "dataclasses",
    "datetime",
    "decimal",
    "difflib",
    "enum",
    "errno",
    "fnmatch",
    "fractions",
    "functools",
    "getopt",
    "graphlib",
    "gzip",
    "hashlib",
    "heapq",
    "hmac",
    "html",
    "io",
    "ipaddress",
    "itertools",
    "json",
    "keyword",
    "locale",
    "logging",
    "lzma",
    "math",
    "numbers",
    "operator",
    "optparse",
    "os",
    "pathlib",
    "platform",
    "posixpath",
    "pprint",
    "queue",
    "random",
    "re",
    "reprlib",
    "secrets",
    "shlex",
    "stat",
    "statistics",
    "string",
    "struct",
    "sys",
    "textwrap",
    "time",
    "tomllib",
    "traceback",
    "types",
    "typing",
    "typing_extensions",
    "unicodedata",
    "urllib.parse",
    "uuid",
    "warnings",
    "weakref",
    "xml",
    "zlib",
    "zoneinfo",
];

/// Harmless parts of what is denied.
pub(crate) const ALLOWED: &[&str] = &[
    "os.environ",
    "os.getenv",
    "os.path",
    "os.sep",
    "os.linesep",
    "os.name",
    "os.cpu_count",
    "os.getcwd",
    "os.fspath",
    "os.curdir",
    "os.PathLike",
    "os.pathsep",
    "os.getpid",
    "os.getppid",
    "os.sched_getaffinity",
    "os.uname",
    "os.urandom",
    "os.devnull",
    "os.extsep",
    "urllib.parse",
    "xml.sax.saxutils.escape",
    "concurrent.futures.ALL_COMPLETED",
    "concurrent.futures.CancelledError",
    "concurrent.futures.FIRST_COMPLETED",
    "concurrent.futures.FIRST_EXCEPTION",
    "concurrent.futures.Future",
    "concurrent.futures.TimeoutError",
    "concurrent.futures.as_completed",
    "concurrent.futures.wait",
    "asyncio.TimeoutError",
    "io.StringIO",
    "io.BytesIO",
    "bz2.compress",
    "bz2.decompress",
    "gc.collect",
    "gzip.compress",
    "gzip.decompress",
    "http.HTTPStatus",
    "lzma.compress",
    "lzma.decompress",
    "multiprocessing.cpu_count",
    "resource.getrusage",
    "resource.RUSAGE_SELF",
    "socket.gethostname",
    "threading.Barrier",
    "threading.BoundedSemaphore",
    "threading.Condition",
    "threading.Event",
    "threading.Lock",
    "threading.RLock",
    "threading.Semaphore",
    "threading.current_thread",
    "threading.local",
    "threading.get_ident",
    "threading.main_thread",
    "timeit.default_timer",
];

/// What the lists say of a module or a dotted name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It is harmless, or the framework's own.
    Allowed,
    /// The rule against it, and what it does in words.
    Denied(&'static str, &'static str),
    /// Nothing.
    Unlisted,
}

/// What the lists say of each name in them.
static LISTED: LazyLock<FxHashMap<&str, Verdict>> = LazyLock::new(|| {
    let denied = denied::DENIED
        .iter()
        .flat_map(|(rule, what, names)| names.iter().map(|name| (*name, Verdict::Denied(rule, what))));
    denied.chain(ALLOWED.iter().map(|name| (*name, Verdict::Allowed))).collect()
});

/// The longest prefix counts, and an entry of `allowed` that is as long wins.
pub(crate) fn verdict(path: &str, allowed: &[&str]) -> Verdict {
    let mut parts = std::iter::successors(Some(path), |path| path.rsplit_once('.').map(|(parent, _)| parent));
    let said = |part: &str| if allowed.contains(&part) { Some(Verdict::Allowed) } else { LISTED.get(part).copied() };
    parts.find_map(said).unwrap_or(Verdict::Unlisted)
}

/// Whether a path is a harmless part of this module, which is denied.
pub(crate) fn is_harmless_part(path: &str, module: &str) -> bool {
    let below = path.strip_prefix(module).is_some_and(|rest| rest.starts_with('.'));
    below && verdict(path, &[]) == Verdict::Allowed
}

/// Whether a path lies at or under one of these.
pub(crate) fn within(path: &str, names: &[&str]) -> bool {
    names.iter().any(|name| path.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with('.')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_is_listed_twice() {
        let mut names: Vec<&str> = denied::DENIED.iter().flat_map(|(_, _, names)| names.iter().copied()).collect();
        names.extend(ALLOWED);
        let all = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), all);
    }

    #[test]
    fn the_longest_prefix_counts() {
        let rule = |path, allowed: &[&str]| match verdict(path, allowed) {
            Verdict::Denied(rule, _) => Some(rule),
            _ => None,
        };
        assert_eq!(rule("os.system", &[]), Some("X101"));
        assert_eq!(rule("subprocess.run.__name__", &[]), Some("X101"));
        assert_eq!(rule("urllib.request.urlopen", &[]), Some("X103"));
        assert_eq!(rule("urllib.parse.quote", &[]), None);
        assert_eq!(rule("os.path.join", &[]), None);
        assert_eq!(rule("math.sqrt", &[]), None);
        assert_eq!(rule("http.client", &[]), Some("X103"));
        assert_eq!(rule("http.server.HTTPServer", &[]), Some("X114"));
        assert_eq!(rule("socket.gethostname", &[]), None);
        assert!(is_harmless_part("socket.gethostname", "socket") && !is_harmless_part("socket.socket", "socket"));
        assert_eq!(rule("threading.Lock", &["threading"]), None);
        assert_eq!(rule("pyspark.cloudpickle.loads", &["pyspark"]), Some("X106"));
        assert!(within("pyspark.sql", &["pyspark"]) && !within("pysparkling", &["pyspark"]));
    }
}
