//! What the job has set, and the program must not. Rule `R003`.

use enginehouse_pycheck::{Call, OUTPUT_PATH, Program, ast::Expr, report};
use enginehouse_sdk::Finding;

use super::refs::calls;

pub(super) fn check(program: &Program<'_>) -> Vec<Finding> {
    program.calls().iter().filter(|call| calls(call, "ray.init")).filter_map(|call| init(program, call)).collect()
}

/// Ray refuses to merge two environments that have a field or a variable in common.
fn init<'a>(program: &Program<'a>, call: &Call<'a>) -> Option<Finding> {
    let environment = call.argument(usize::MAX, "runtime_env")?;
    let variables =
        value(program, environment, "env_vars").and_then(|variables| value(program, variables, OUTPUT_PATH));
    let (name, place) = match (value(program, environment, "working_dir"), variables) {
        (Some(place), _) => ("working_dir", place),
        (_, Some(place)) => (OUTPUT_PATH, place),
        _ => return None,
    };
    let message = format!("`runtime_env` sets `{name}`, which the job has set: `ray.init` fails");
    Some(report::error("R003", program.span(place), message, "write `ray.init()`: the job's environment is there"))
}

/// The value under a key of a dict that is written out.
fn value<'a>(program: &Program<'a>, dict: &'a Expr, wanted: &str) -> Option<&'a Expr> {
    let Some(Expr::Dict(dict)) = program.literal(dict) else { return None };
    let named = |key: &Expr| matches!(key, Expr::StringLiteral(key) if key.value.to_str() == wanted);
    dict.items.iter().find(|item| item.key.as_ref().is_some_and(named)).map(|item| &item.value)
}
