//! What is mentioned of modules: the parts that are denied, and modules that are handed on or reached through others.

use enginehouse_sdk::Finding;
use ruff_python_ast::Expr;
use rustc_hash::FxHashMap;

use crate::{Policy, Program, chain::Root, modules::denied, program::Mention, report, scope::Role};

/// Modules whose parts are denied one by one, so that they must not be handed on whole.
const GUARDED: &[&str] =
    &["os", "sys", "io", "builtins", "os.path", "posixpath", "pathlib", "logging", "operator", "types"];

/// Names under which modules hold other modules.
const MODULES: &[&str] = &[
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
    "signal",
    "_signal",
    "inspect",
    "_inspect",
    "io",
    "_io",
    "tempfile",
    "urllib",
    "requests",
    "glob",
];

pub(super) fn check(program: &Program<'_>, policy: &Policy<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut verdicts = Verdicts { policy, known: FxHashMap::default() };
    for Mention { reference, chains } in program.mentions() {
        for chain in chains.iter() {
            let Some(path) = chain.pure_path() else { continue };
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
    known: FxHashMap<&'p str, Option<(&'static str, &'static str)>>,
}

impl<'p> Verdicts<'p> {
    fn of(&mut self, path: &'p str) -> Option<(&'static str, &'static str)> {
        *self.known.entry(path).or_insert_with(|| denied(path, self.policy.modules))
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
            Role::Attribute("get") | Role::Item | Role::Contains | Role::Alias => None,
            _ => Some(("X105", "`os.environ` is read or changed as a whole".to_owned())),
        };
    }
    if matches!(role, Role::Attribute(_)) {
        return None;
    }
    if let Some((rule, what)) = verdicts.of(path) {
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

fn allowed_of_os(rest: &str) -> bool {
    const PARTS: &[&str] = &[
        "environ",
        "getenv",
        "path",
        "sep",
        "linesep",
        "name",
        "cpu_count",
        "getcwd",
        "fspath",
        "curdir",
        "PathLike",
        "pathsep",
        "getpid",
        "devnull",
        "extsep",
    ];
    rest.split('.').next().is_some_and(|first| PARTS.contains(&first))
}

/// Whether a module is reached through another: `random._os`.
pub(super) fn through_another(path: &str) -> bool {
    let inner = path.split('.').skip(1);
    inner.clone().any(|segment| MODULES.contains(&segment)) && !path.starts_with("urllib.parse")
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
        "C010" => "of `os`, use `os.environ`, `os.getenv` and `os.path`",
        _ => "use what is needed by its plain name",
    }
}

/// Whether an expression may be a module, for the rules on `getattr` and its kin.
pub(super) fn may_be_module(program: &Program<'_>, expr: &Expr) -> bool {
    let model = &program.resolver.model;
    let Expr::Name(name) = expr else { return false };
    model.use_of(name).is_some_and(|used| {
        model.reaching(used).iter().any(|binding| match binding.origin {
            crate::scope::Origin::Import(place) => {
                model.imports.get(place).is_some_and(|import| import.member.is_none())
            }
            _ => false,
        })
    })
}
