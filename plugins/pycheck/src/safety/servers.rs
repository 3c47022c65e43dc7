//! Addresses that a program would serve on. Rule `X114`; servers themselves are in `modules`.

use enginehouse_sdk::{Finding, Severity};
use ruff_python_ast::Expr;

use crate::{Call, Program, report};

/// Every address of the machine.
const ANY: &[&str] = &["0.0.0.0", "::", "[::]"];
const HINT: &str = "leave servers out: a batch program ends with its result";

pub(super) fn check(program: &Program<'_>) -> Vec<Finding> {
    program.calls().iter().filter_map(|call| judge(program, call)).collect()
}

fn judge<'a>(program: &Program<'a>, call: &Call<'a>) -> Option<Finding> {
    let name = call.chains.iter().find_map(|chain| chain.last().map(|hop| hop.name.to_string())).unwrap_or_default();
    let (severity, place) = call
        .node
        .arguments
        .keywords
        .iter()
        .find(|keyword| keyword.arg.as_ref().is_some_and(|arg| arg.contains("host")) && is_any(program, &keyword.value))
        .map(|keyword| (Severity::Error, &keyword.value))
        .or_else(|| match call.node.arguments.args.as_ref() {
            [Expr::Tuple(address)] if name == "bind" => {
                address.elts.first().filter(|host| is_any(program, host)).map(|host| (Severity::Error, host))
            }
            // A driver that its executors have to find.
            [key, host] if matches!(name.as_str(), "config" | "set") && is_any(program, host) => {
                let keys = program.texts(key);
                let bound =
                    keys.iter().any(|key| key.known().is_some_and(|key| key.to_lowercase().contains("address")));
                bound.then_some((Severity::Warning, host))
            }
            _ => None,
        })?;
    let message = "a server is bound to every address of the machine";
    Some(report::finding("X114", severity, program.span(place), message, HINT))
}

fn is_any<'a>(program: &Program<'a>, expr: &'a Expr) -> bool {
    program.texts(expr).iter().any(|value| value.known().is_some_and(|text| ANY.contains(&text)))
}
