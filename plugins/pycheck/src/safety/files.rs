//! Files opened for writing. Rule `X104`; what deletes or renames is in `modules`.

use enginehouse_sdk::Finding;

use crate::{Call, Program, program::Mention, report, scope::Role};

/// Methods of a path that change files; no object of the engines' has one of these names.
const CHANGES: &[&str] = &[
    "unlink",
    "rmdir",
    "write_text",
    "write_bytes",
    "symlink_to",
    "hardlink_to",
    "link_to",
    "chmod",
    "lchmod",
    "rmtree",
    "removedirs",
    "copytree",
];
/// Methods that mean this on a path alone.
const OF_PATHS: &[&str] = &["rename", "replace", "touch", "mkdir"];
/// What of a path is a text, and has methods of these names as well.
const TEXTS: &[&str] = &["name", "stem", "suffix", "suffixes", "parts", "as_posix", "as_uri"];
/// Methods of a client of the object store.
const OF_STORES: &[&str] =
    &["delete_object", "delete_objects", "delete_bucket", "delete_table", "delete_database", "delete"];

const HINT: &str = "write below `os.environ[\"OUTPUT_PATH\"]` through the engine";

pub(super) fn check(program: &Program<'_>) -> Vec<Finding> {
    let mut findings: Vec<Finding> = program.calls().iter().filter_map(|call| judge(program, call)).collect();
    for Mention { reference, chains } in program.mentions() {
        let handed_on = !matches!(reference.role, Role::Callee | Role::Alias | Role::Attribute(_));
        if handed_on && chains.iter().any(|chain| is_open(chain.pure_path())) {
            let message = "`open` is handed on as a value";
            findings.push(report::error("X104", program.span(reference.expr), message, HINT));
        }
    }
    findings
}

fn judge<'a>(program: &Program<'a>, call: &Call<'a>) -> Option<Finding> {
    if call.callee.iter().any(|chain| is_open(chain.pure_path())) {
        return opened(program, call, 1);
    }
    if call.callee.iter().any(|chain| chain.pure_path() == Some("logging.basicConfig")) {
        let message = "the log is written to a file, which is lost when the program ends";
        let file = call.argument(usize::MAX, "filename")?;
        return Some(report::warning(
            "X104",
            program.span(file),
            message,
            "leave `filename` out: what is printed is kept",
        ));
    }
    call.chains.iter().find_map(|chain| {
        let hop = chain.last().filter(|hop| hop.call.is_some())?;
        let of_path = chain.path().is_some_and(|path| path.starts_with("pathlib."));
        let name = hop.name.as_ref();
        if of_path && name == "open" {
            return opened(program, call, 0);
        }
        if OF_STORES.contains(&name) && chain.path().is_some_and(|path| path.starts_with("boto3.")) {
            return Some(report::error(
                "X104",
                program.span(call.node),
                format!("`{name}` deletes what is stored"),
                HINT,
            ));
        }
        let of_text = TEXTS.iter().any(|text| chain.has(text));
        (CHANGES.contains(&name) || (of_path && !of_text && OF_PATHS.contains(&name)))
            .then(|| report::error("X104", program.span(call.node), format!("`{name}` changes files"), HINT))
    })
}

fn opened<'a>(program: &Program<'a>, call: &Call<'a>, place: usize) -> Option<Finding> {
    let message = match call.argument(place, "mode") {
        None if call.spreads() => "a file is opened, and whether for writing cannot be told",
        None => return None,
        Some(mode) => {
            let modes = program.texts(mode);
            if modes.iter().any(|mode| mode.known().is_none()) {
                "a file is opened, and whether for writing cannot be told"
            } else if modes.iter().any(|mode| mode.known().is_some_and(|mode| mode.contains(['w', 'a', 'x', '+']))) {
                "a file is opened for writing"
            } else {
                return None;
            }
        }
    };
    Some(report::error("X104", program.span(call.node), message, HINT))
}

fn is_open(path: Option<&str>) -> bool {
    matches!(path, Some("builtins.open" | "io.open" | "codecs.open" | "io.TextIOWrapper" | "_io.open"))
}
