//! Ways from an ordinary object into the interpreter: dunder chains, and names that are made at run time.

use enginehouse_sdk::{Finding, Severity};
use ruff_python_ast::Expr;

use super::references::may_be_module;
use crate::{Call, Program, chain::Root, report, value::Part};

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
    "__func__",
    "__wrapped__",
    "__init_subclass__",
    "__subclasshook__",
    "__defaults__",
    "__kwdefaults__",
    "__traceback__",
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
];

const HINT: &str = "use objects through their public methods";

pub(super) fn check(program: &Program<'_>) -> Vec<Finding> {
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
    findings.extend(program.calls().iter().filter_map(|call| dynamic(program, call)));
    findings
}

/// `getattr`, `setattr`, `vars` and their kin.
fn dynamic<'a>(program: &Program<'a>, call: &Call<'a>) -> Option<Finding> {
    let path = call.callee.iter().find_map(|chain| chain.pure_path())?;
    let object = call.node.arguments.args.first();
    match path {
        "builtins.getattr"
        | "builtins.setattr"
        | "builtins.delattr"
        | "builtins.hasattr"
        | "operator.attrgetter"
        | "operator.methodcaller" => {
            let place = usize::from(path.starts_with("builtins."));
            let name = call.node.arguments.args.get(place)?;
            let names = program.texts(name);
            if names.iter().all(|name| name.known().is_some()) && !call.spreads() {
                let escape = names
                    .iter()
                    .filter_map(|name| name.known())
                    .find(|name| name.split('.').any(|part| ESCAPES.contains(&part)))?;
                let message = format!("`{}` reaches into the interpreter", report::quote(escape));
                return Some(report::error("X107", program.span(call.node), message, HINT));
            }
            let plain = object.is_some_and(|object| {
                program.chains(object).iter().all(|chain| match chain.root() {
                    Root::Unknown => true,
                    Root::Import(_) => !chain.is_root() && chain.pure_path().is_none(),
                    Root::Class(_) => !chain.is_root(),
                    _ => false,
                })
            });
            let severity = if plain && place == 1 { Severity::Warning } else { Severity::Error };
            let message = format!("`{}` takes a name that is made at run time", path.trim_start_matches("builtins."));
            Some(report::finding("X107", severity, program.span(call.node), message, "write the attribute's name out"))
        }
        "builtins.vars" | "builtins.dir" if object.is_some_and(|object| may_be_module(program, object)) => {
            let message = format!("`{}` lists a module", path.trim_start_matches("builtins."));
            Some(report::error("X107", program.span(call.node), message, HINT))
        }
        "builtins.globals" | "builtins.locals" => {
            let message = format!("`{}` reaches all names of the program", path.trim_start_matches("builtins."));
            Some(report::error("X107", program.span(call.node), message, "use the names themselves"))
        }
        "builtins.type" if call.node.arguments.args.len() == 3 => {
            let message = "`type` makes a class at run time";
            Some(report::finding(
                "X107",
                Severity::Warning,
                program.span(call.node),
                message,
                "write a class statement",
            ))
        }
        _ => None,
    }
}
