//! Ways from an ordinary object into the interpreter: dunder chains, and names that are made at run time.

use enginehouse_sdk::{
    Finding,
    Severity::{self, Error, Warning},
};
use ruff_python_ast::Expr;

use super::{decoded, references::MODULES};
use crate::{
    Call, Policy, Program,
    chain::{Chain, Root},
    modules::{Verdict, verdict, within},
    program::Mention,
    report,
    scope::Role,
    value::{Part, Value},
};

/// Attributes that lead from any object to all others.
const ESCAPES: &[&str] = &[
    "__subclasses__",
    "__globals__",
    "__builtins__",
    "__bases__",
    "__base__",
    "__mro__",
    "__code__",
    "__closure__",
    "__getattribute__",
    "__import__",
    "__loader__",
    "__spec__",
    "__reduce__",
    "__reduce_ex__",
    "__self__",
    "__defaults__",
    "__kwdefaults__",
    "f_globals",
    "f_locals",
    "f_builtins",
    "f_back",
    "f_code",
    "tb_frame",
    "tb_next",
    "gi_frame",
    "gi_code",
    "cr_frame",
    "cr_code",
    "ag_frame",
    "ag_code",
    "func_globals",
    "func_code",
    "co_code",
    "mro",
    "_os",
    "_sys",
    "_builtins",
    "_importlib",
    "_subprocess",
];

/// Functions that reach anything by its name: to be called, and not to be handed on.
const REACHING: &[&str] = &[
    "builtins.getattr",
    "builtins.setattr",
    "builtins.delattr",
    "builtins.globals",
    "builtins.locals",
    "builtins.vars",
];

const HINT: &str = "use objects through their public methods";

pub(super) fn check(program: &Program<'_>, policy: &Policy<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for expr in program.references() {
        let found = match expr {
            Expr::Attribute(attribute) => Some(attribute.attr.as_str()),
            // `__import__` itself is code made at run time, and told as that.
            Expr::Name(name) => Some(name.id.as_str()).filter(|name| name.starts_with("__") && *name != "__import__"),
            _ => None,
        };
        if let Some(found) = found.filter(|found| ESCAPES.contains(found)) {
            let message = format!("`{found}` reaches into the interpreter");
            findings.push(report::error("X107", program.span(expr), message, HINT));
        }
    }
    for (expr, values) in program.strings() {
        let texts = values.iter().flat_map(|value| value.parts()).filter_map(|part| match part {
            Part::Text(text) if text.contains("__") => Some(text),
            _ => None,
        });
        let found = texts
            .flat_map(|text| ESCAPES.iter().filter(|name| name.starts_with("__") && text.contains(**name)).take(1));
        if let Some(found) = found.take(1).next() {
            let message = format!("the text names `{found}`, which reaches into the interpreter");
            findings.push(report::error("X107", program.span(expr), message, HINT));
        }
    }
    for Mention { reference, chains } in program.mentions() {
        if !matches!(reference.role, Role::Callee | Role::Alias | Role::Attribute(_))
            && let Some(path) = chains.iter().filter_map(|chain| chain.pure_path()).find(|path| REACHING.contains(path))
        {
            let message = format!("`{}` is handed on as a value", path.trim_start_matches("builtins."));
            findings.push(report::error("X107", program.span(reference.expr), message, "call it where it is needed"));
        }
        if chains.iter().any(|chain| is_taken_of_getattr(program, chain)) {
            let message = "an attribute is taken of what `getattr` found in a module";
            findings.push(report::error("X107", program.span(reference.expr), message, HINT));
        }
    }
    findings.extend(program.calls().iter().filter_map(|call| dynamic(program, policy, call)));
    for call in program.calls().iter().filter(|call| runs_text(program, call)) {
        let message = "the expression runs code that is made at run time";
        findings.push(report::error(
            "X102",
            program.span(call.node),
            message,
            "name columns and plain variables alone",
        ));
    }
    findings
}

/// `getattr(module, name).more`: the way to a module within another.
fn is_taken_of_getattr<'a>(program: &Program<'a>, chain: &Chain<'a>) -> bool {
    let mut hops = chain.hops_back();
    let (Some(last), Some(first), None) = (hops.next(), hops.next(), hops.next()) else { return false };
    matches!(chain.root(), Root::Builtin("getattr"))
        && first.call.and_then(|call| call.arguments.args.first()).is_some_and(|object| is_import(program, object))
        && !last.name.starts_with("__")
        && !matches!(last.name.as_ref(), "()" | "[]")
}

fn is_import<'a>(program: &Program<'a>, object: &'a Expr) -> bool {
    program.chains(object).iter().any(|chain| matches!(chain.root(), Root::Import(_)) && chain.pure_path().is_some())
}

/// `frame.query("@pd.io.common.os.popen('ls')")`: pandas runs what follows an `@`.
fn runs_text<'a>(program: &Program<'a>, call: &Call<'a>) -> bool {
    let named = call.chains.iter().any(|chain| matches!(call.called(chain), Some("query" | "eval")));
    // A column may have the name of a module: what is taken of something, or by a text, is none.
    let taken = |before: &str| before.trim_end().ends_with(['@', '.', '\'', '"', '`']);
    let leads = |before: &str, word: &str| {
        ESCAPES.contains(&word) || (taken(before) && (MODULES.contains(&word) || starts_programs(word)))
    };
    let words = |text: &str| {
        let between = |c: char| !c.is_alphanumeric() && c != '_';
        let mut start = 0;
        text.contains('@')
            && text.split_inclusive(between).any(|piece| {
                let before = text.get(..start).unwrap_or_default();
                start += piece.len();
                leads(before, piece.trim_end_matches(between))
            })
    };
    named
        && call.argument(0, "expr").is_some_and(|text| {
            program.texts(text).iter().flat_map(|value| value.parts()).any(|part| match part {
                Part::Text(text) => words(text),
                _ => false,
            })
        })
}

/// `getattr`, `setattr`, `vars` and their kin.
fn dynamic<'a>(program: &Program<'a>, policy: &Policy<'_>, call: &Call<'a>) -> Option<Finding> {
    let path = call.callee.iter().find_map(|chain| chain.pure_path())?;
    let object = call.node.arguments.args.first();
    let finding = |severity, message: String, hint| {
        Some(report::finding("X107", severity, program.span(call.node), message, hint))
    };
    let short = path.trim_start_matches("builtins.");
    match path {
        "builtins.getattr"
        | "builtins.setattr"
        | "builtins.delattr"
        | "builtins.hasattr"
        | "operator.attrgetter"
        | "operator.methodcaller" => {
            let of_module = object.is_some_and(|object| is_import(program, object));
            if matches!(short, "setattr" | "delattr") && of_module && !extends_class(program, policy, call) {
                return finding(Error, format!("`{short}` changes a module"), HINT);
            }
            let of_operator = path.starts_with("operator.");
            let name = call.node.arguments.args.get(usize::from(!of_operator))?;
            let names = program.texts(name);
            if names.iter().all(|name| name.known().is_some()) && !call.spreads() {
                let escapes = |part: &str| ESCAPES.contains(&part) || (of_operator && starts_programs(part));
                let escape = names.iter().filter_map(|name| name.known()).find(|name| name.split('.').any(escapes))?;
                return finding(Error, format!("`{}` reaches into the interpreter", report::quote(escape)), HINT);
            }
            let severity = match object {
                // It answers whether, and no more.
                _ if short == "hasattr" => return None,
                _ if decoded::is_made_of_codes(program, name) => Error,
                Some(_) if of_operator => Warning,
                Some(object) => program
                    .chains(object)
                    .iter()
                    .map(|chain| grade(policy, chain, short))
                    .fold(Warning, |worst, next| if next == Error { Error } else { worst }),
                None => Error,
            };
            finding(
                severity,
                format!("`{short}` takes a name that is made at run time"),
                "write the attribute's name out",
            )
        }
        "builtins.vars" if object.is_some_and(|object| is_import(program, object)) => {
            finding(Error, "`vars` lists a module".to_owned(), HINT)
        }
        "builtins.globals" | "builtins.locals" | "builtins.vars" if object.is_none() => {
            let severity = match call.role {
                Role::Contains => return None,
                Role::Item(key) if names_one(program, key) => Warning,
                Role::Attribute("get") => Warning,
                Role::Item(_) | Role::Attribute(_) => Error,
                _ if short == "globals" => Error,
                _ => Warning,
            };
            finding(severity, format!("`{short}` reaches all names of the program"), "use the names themselves")
        }
        "builtins.type" if call.node.arguments.args.len() == 3 => {
            finding(Warning, "`type` makes a class at run time".to_owned(), "write a class statement")
        }
        _ => None,
    }
}

/// `setattr(DataFrame, "rows_where", rows_where)`: what `DataFrame.rows_where = rows_where` does.
fn extends_class<'a>(program: &Program<'a>, policy: &Policy<'_>, call: &Call<'a>) -> bool {
    let [class, name, _] = call.node.arguments.args.as_ref() else { return false };
    let is_class = |path: &str| {
        let last = path.rsplit('.').next().unwrap_or_default();
        within(path, policy.modules) && last.starts_with(|c: char| c.is_ascii_uppercase())
    };
    let sets = call.callee.iter().all(|chain| chain.pure_path() == Some("builtins.setattr"));
    let plain = |name: &Value| name.known().is_some_and(|name| !name.starts_with('_'));
    sets && program.chains(class).iter().all(|chain| chain.pure_path().is_some_and(is_class))
        && program.texts(name).iter().all(plain)
}

/// How bad it is to reach into what a chain stands for by a name that is not known.
fn grade(policy: &Policy<'_>, chain: &Chain<'_>, function: &str) -> Severity {
    match chain.root() {
        Root::Unknown => Warning,
        // What the framework's modules hold is harmless when it is called; what else it leads to is told apart.
        Root::Import(path) if within(path, policy.modules) && function == "getattr" => Warning,
        Root::Import(_) if !chain.is_root() && chain.pure_path().is_none() => Warning,
        Root::Class(_) | Root::Function(_) if !chain.is_root() => Warning,
        _ => Error,
    }
}

/// Whether a name is one of the functions of `os` that start programs, or of a module.
fn starts_programs(name: &str) -> bool {
    MODULES.contains(&name) || matches!(verdict(&format!("os.{name}"), &[]), Verdict::Denied("X101", _))
}

/// `globals()["name"]`, with a name that is known, plain, and no module's.
fn names_one<'a>(program: &Program<'a>, key: &'a Expr) -> bool {
    let imported = |key: &str| program.resolver.model.imports.iter().any(|import| import.bound == Some(key));
    program.texts(key).iter().all(|key| key.known().is_some_and(|key| !key.starts_with('_') && !imported(key)))
}
