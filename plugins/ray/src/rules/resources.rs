//! What tasks ask for, and no platform has. Rule `R023`.

use enginehouse_pycheck::{
    Call, Program,
    ast::{Expr, Number, UnaryOp},
    report,
};
use enginehouse_sdk::Finding;

use super::{Platform, refs::calls};

/// The cores that an engine on this machine counts on, unless its operator says otherwise.
const CORES: f64 = 2.0;
/// More than any node has, and a task runs on one.
const TOO_MANY_CORES: f64 = 1024.0;
/// Arguments of `ray.init` that only the one who starts a cluster may give.
const STARTS: &[&str] = &["num_cpus", "num_gpus", "resources", "object_store_memory"];

pub(super) fn check(program: &Program<'_>, platform: Platform) -> Vec<Finding> {
    program.calls().iter().flat_map(|call| of_call(program, platform, call)).collect()
}

fn of_call<'a>(program: &Program<'a>, platform: Platform, call: &Call<'a>) -> Vec<Finding> {
    if calls(call, "ray.init") {
        return init(program, platform, call).into_iter().collect();
    }
    if !asks(call) {
        return Vec::new();
    }
    let given = |name: &str| call.argument(usize::MAX, name);
    let mut findings = Vec::new();
    let mut error = |expr: &'a Expr, message: &str, hint: &str| {
        findings.push(report::error("R023", program.span(expr), message, hint));
    };
    for name in ["num_cpus", "num_gpus"] {
        let Some((expr, asked)) = given(name).and_then(|expr| Some((expr, number(program, expr)?))) else { continue };
        let few = "ask for as little as one task uses, `num_cpus=1`, or leave it out";
        if asked < 0.0 {
            error(expr, &format!("`{name}` is negative"), few);
        } else if name == "num_cpus" && asked > TOO_MANY_CORES {
            error(expr, "no node has so many cores: the task would wait for them for ever", few);
        } else if platform == Platform::Local && name == "num_gpus" && asked > 0.0 {
            let hint = "leave `num_gpus` out, or ask for the platform `cluster`";
            error(expr, "this machine lends no GPU: the task would wait for one for ever", hint);
        }
    }
    if let Some(expr) = given("accelerator_type").filter(|expr| expr.is_string_literal_expr())
        && platform == Platform::Local
    {
        let hint = "leave `accelerator_type` out, or ask for the platform `cluster`";
        error(expr, "this machine lends no accelerator: the task would wait for one for ever", hint);
    }
    if let Some(Expr::Dict(dict)) = given("resources").and_then(|expr| program.literal(expr)) {
        let own = |key: &Expr| matches!(key, Expr::StringLiteral(key) if matches!(key.value.to_str(), "CPU" | "GPU"));
        for key in dict.items.iter().filter_map(|item| item.key.as_ref()).filter(|key| own(key)) {
            error(key, "`resources` does not take CPUs and GPUs", "write `num_cpus=…` or `num_gpus=…`");
        }
    }
    let cores = given("num_cpus").and_then(|expr| Some((expr, number(program, expr)?)));
    let many = |asked: f64| asked > CORES && asked <= TOO_MANY_CORES;
    if let Some((expr, _)) = cores.filter(|(_, asked)| platform == Platform::Local && many(*asked)) {
        let message =
            "the engine on this machine counts on 2 cores, unless it was given more: the task may wait for ever";
        let hint = "ask for no more than one task uses, `num_cpus=1`, or leave it out";
        findings.push(report::warning("R023", program.span(expr), message, hint));
    }
    findings
}

/// `@ray.remote(…)`, `.options(…)`, and what datasets pass on to their tasks.
fn asks(call: &Call<'_>) -> bool {
    let option = matches!(call.node.func.as_ref(), Expr::Attribute(method) if method.attr.as_str() == "options");
    let data = || call.callee.iter().any(|chain| chain.path().is_some_and(|path| path.starts_with("ray.data.")));
    option || calls(call, "ray.remote") || data()
}

/// A cluster that is there has what it has.
fn init<'a>(program: &Program<'a>, platform: Platform, call: &Call<'a>) -> Option<Finding> {
    let given = |name: &&&str| call.argument(usize::MAX, name).is_some_and(|value| !value.is_none_literal_expr());
    let name = STARTS.iter().find(given).filter(|_| platform == Platform::Cluster)?;
    let message = format!("`ray.init` joins a cluster that is there, and refuses `{name}`");
    Some(report::warning("R023", program.span(call.node), message, "write `ray.init()`, and say it with each task"))
}

fn number<'a>(program: &Program<'a>, expr: &'a Expr) -> Option<f64> {
    match program.literal(expr)? {
        Expr::NumberLiteral(number) => match &number.value {
            Number::Int(int) => int.as_i32().map(f64::from),
            Number::Float(float) => Some(*float),
            Number::Complex { .. } => None,
        },
        Expr::UnaryOp(minus) if minus.op == UnaryOp::USub => Some(-number(program, &minus.operand)?),
        _ => None,
    }
}
