//! What is mentioned of modules: the parts that are denied, and modules that are handed on or reached through others.

use enginehouse_sdk::Finding;
use rustc_hash::FxHashMap;

use crate::{
    Policy, Program,
    chain::{Chain, Root},
    modules::{self, Verdict, verdict, within},
    program::Mention,
    report,
    scope::Role,
};

/// Modules whose parts are denied one by one, so that they must not be handed on whole.
const GUARDED: &[&str] =
    &["os", "sys", "io", "builtins", "os.path", "posixpath", "pathlib", "logging", "operator", "types"];

/// Names under which any module may hold one that reaches the system.
pub(super) const MODULES: &[&str] = &[
    "os",
    "_os",
    "sys",
    "_sys",
    "posix",
    "subprocess",
    "_subprocess",
    "builtins",
    "_builtins",
    "importlib",
    "_importlib",
    "shutil",
    "_shutil",
    "socket",
    "_socket",
    "pickle",
    "_pickle",
    "ctypes",
    "threading",
    "_threading",
    "_thread",
    "multiprocessing",
    "inspect",
    "_inspect",
    "tempfile",
    "urllib",
    "linecache",
    "bltns",
    "copyreg",
];
/// Names that packages use for parts of their own, and the standard library for its modules.
const AMBIGUOUS: &[&str] =
    &["io", "_io", "signal", "_signal", "requests", "glob", "codecs", "types", "_types", "tokenize"];

pub(super) fn check(program: &Program<'_>, policy: &Policy<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut verdicts = Verdicts { policy, known: FxHashMap::default() };
    for Mention { reference, chains } in program.mentions() {
        for chain in chains.iter() {
            let Some(path) = chain.pure_path() else {
                if let Some((rule, message)) = held_by_object(chain) {
                    findings.push(report::error(rule, program.span(reference.expr), message, hint(rule)));
                    break;
                }
                continue;
            };
            if path.starts_with("builtins.")
                && matches!(reference.role, Role::Target)
                && reference.expr.is_attribute_expr()
            {
                let message = format!("`{}` is replaced for all of the program", report::quote(path));
                findings.push(report::error("X107", program.span(reference.expr), message, hint("X107")));
                break;
            }
            let imported = matches!(chain.root(), Root::Import(_));
            if let Some((rule, message)) = judge(reference.role, path, imported, &mut verdicts) {
                let hint = hint(rule);
                findings.push(report::error(rule, program.span(reference.expr), message, hint));
                break;
            }
        }
    }
    // What `getattr` answers, or a function of the program, is a mention as well.
    for call in program.calls() {
        for path in call.chains.iter().filter_map(|chain| chain.pure_path()) {
            if let Some((rule, message)) = judge(Role::Alias, path, true, &mut verdicts) {
                findings.push(report::error(rule, program.span(call.node), message, hint(rule)));
                break;
            }
        }
    }
    findings
}

/// What the lists say of a path: the few paths of a program are mentioned often.
struct Verdicts<'p> {
    policy: &'p Policy<'p>,
    known: FxHashMap<&'p str, Verdict>,
}

impl<'p> Verdicts<'p> {
    fn of(&mut self, path: &'p str) -> Verdict {
        *self.known.entry(path).or_insert_with(|| verdict(path, self.policy.modules))
    }
}

fn judge<'p>(
    role: Role<'_>,
    path: &'p str,
    imported: bool,
    verdicts: &mut Verdicts<'p>,
) -> Option<(&'static str, String)> {
    let quoted = || report::quote(path.strip_prefix("builtins.").unwrap_or(path));
    if path == "os.environ" {
        return match role {
            Role::Attribute("get" | "setdefault") | Role::Item(_) | Role::Contains | Role::Alias => None,
            _ => Some(("X105", "`os.environ` is read or changed as a whole".to_owned())),
        };
    }
    if imported && path.ends_with(".__dict__") {
        return Some(("X107", format!("`{}` reaches all that a module holds", quoted())));
    }
    if matches!(role, Role::Attribute(_)) {
        return None;
    }
    if let Verdict::Denied(rule, what) = verdicts.of(path) {
        return Some((rule, format!("`{}` {what}", quoted())));
    }
    if imported && through_another(path) {
        return Some(("X107", format!("`{}` reaches a module through another", quoted())));
    }
    if imported && GUARDED.contains(&path) && !matches!(role, Role::Alias) {
        return Some(("X107", format!("the module `{}` is handed on as a value", quoted())));
    }
    if path.strip_prefix("os.").is_some_and(|rest| !allowed_of_os(rest)) {
        return Some(("C010", format!("`{}` is not available to programs", quoted())));
    }
    None
}

/// What is reached through a module that an object holds: `x.os.system`.
fn held_by_object(chain: &Chain<'_>) -> Option<(&'static str, String)> {
    let mut hops = chain.hops_back();
    let (last, module) = (hops.next()?, hops.next()?);
    if matches!(last.name.as_ref(), "subprocess_exec" | "subprocess_shell") {
        return Some(("X101", format!("`{}` starts other programs", last.name)));
    }
    if module.call.is_some() || !MODULES.contains(&module.name.as_ref()) {
        return None;
    }
    let path = format!("{}.{}", module.name.trim_start_matches('_'), last.name);
    match verdict(&path, &[]) {
        Verdict::Denied(rule, what) => Some((rule, format!("`{}` {what}", report::quote(&path)))),
        _ => None,
    }
}

fn allowed_of_os(rest: &str) -> bool {
    let first = rest.split('.').next();
    first.is_some() && modules::ALLOWED.iter().any(|name| name.strip_prefix("os.") == first)
}

/// Whether a module is reached through another: `random._os`.
pub(super) fn through_another(path: &str) -> bool {
    let standard = within(path, modules::SAFE);
    // Ray's own pool of actors has the name of a module.
    let path = path.strip_prefix("ray.util.multiprocessing").unwrap_or(path);
    let hidden = |part: &str| MODULES.contains(&part) || (standard && AMBIGUOUS.contains(&part));
    path.split('.').skip(1).any(hidden) && !within(path, &["urllib.parse"])
}

fn hint(rule: &str) -> &'static str {
    match rule {
        "X101" => "do the work with the engine's own functions; a program starts no others",
        "X102" => "write the code out instead of making it at run time",
        "X103" => "read and write through the engine; a program has no network",
        "X104" => "read the given source and write below `os.environ[\"OUTPUT_PATH\"]` through the engine",
        "X105" => "read single variables, such as `os.environ[\"OUTPUT_PATH\"]`",
        "X106" => "use Parquet, CSV or JSON",
        "X110" => "leave parallel work to the engine",
        "X114" => "leave servers out: a batch program ends with its result",
        "C010" => "of `os`, use `os.environ`, `os.getenv` and `os.path`",
        _ => "use what is needed by its plain name",
    }
}
