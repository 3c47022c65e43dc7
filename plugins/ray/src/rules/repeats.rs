//! What is done once for each turn of a loop, and costs more than the turn. Rules `R011` and `R014`.

use enginehouse_pycheck::{
    Call, Program, Ranged, Root,
    ast::{Expr, Stmt, StmtFunctionDef},
    report,
};
use enginehouse_sdk::{Finding, Span};

use super::{
    refs::{calls, many},
    size,
    walk::Walk,
};

/// So many tasks of next to no work are slower than the work itself.
const MANY: u64 = 1000;

pub(super) fn check<'a>(program: &Program<'a>, walk: &Walk<'a>) -> Vec<Finding> {
    let mut findings = Vec::new();
    let again = |place: Option<Span>, what: &str| {
        let message = format!("{what} is made remote anew in each turn of a loop, and sent to the cluster each time");
        report::warning("R011", place, message, "define it once, before the loop")
    };
    for task in walk.tasks.iter().filter(|task| walk.turns(task.range()).next().is_some()) {
        findings.push(again(program.span(&task.name), &format!("the function `{}`", task.name)));
    }
    for actor in walk.actors.iter().filter(|actor| walk.turns(actor.range()).next().is_some()) {
        findings.push(again(program.span(&actor.name), &format!("the class `{}`", actor.name)));
    }
    for call in program.calls() {
        let made = calls(call, "ray.remote") && !call.node.arguments.args.is_empty();
        // Of a class or function that differs from turn to turn there is nothing to define before.
        let same = |argument: &'a Expr| {
            program.chains(argument).iter().all(|chain| {
                let defined = match chain.root() {
                    Root::Function(def) => def.range(),
                    Root::Class(def) => def.range(),
                    _ => return false,
                };
                chain.is_root() && !walk.turns(call.node.range()).any(|turn| turn.body.contains_range(defined))
            }) && program.chains(argument).len() == 1
        };
        if made && call.argument(0, "").is_some_and(same) && walk.turns(call.node.range()).next().is_some() {
            findings.push(again(program.span(call.node), "a function or class"));
        }
        findings.extend(too_fine(program, walk, call));
    }
    findings
}

/// `[double.remote(i) for i in range(100_000)]`: tasks of one calculation with numbers that are told to be so.
fn too_fine<'a>(program: &Program<'a>, walk: &Walk<'a>, call: &Call<'a>) -> Option<Finding> {
    let Expr::Attribute(method) = call.node.func.as_ref() else { return None };
    let chains = program.chains(&method.value);
    let [chain] = chains.as_ref() else { return None };
    let Root::Function(def) = chain.root() else { return None };
    if method.attr.as_str() != "remote" || !chain.is_root() || !is_tiny(def) || call.spreads() {
        return None;
    }
    let over: Vec<_> = walk.turns(call.node.range()).filter_map(|turn| turn.over).collect();
    let number = |argument: &'a Expr| match argument {
        Expr::NumberLiteral(_) => true,
        Expr::Name(name) => over.iter().any(|(iter, target)| {
            matches!(target, Expr::Name(target) if target.id == name.id) && size::range(program, iter).is_some()
        }),
        _ => false,
    };
    let numbers = call.node.arguments.args.iter().all(number) && call.node.arguments.keywords.is_empty();
    let tasks = many(program, walk, call.node, &program.syntax().body().first()?.range());
    let message = format!("`{}` does one calculation in each task, and there are {MANY} or more of them", def.name);
    let hint = "give each task a portion of the work, or use Ray Data: `ray.data.range(n).map_batches(…)`";
    (numbers && tasks.at_least(MANY)).then(|| report::warning("R014", program.span(call.node), message, hint))
}

/// `return x * 2`, and no more.
fn is_tiny(def: &StmtFunctionDef) -> bool {
    let mut body = def
        .body
        .iter()
        .filter(|statement| !matches!(statement, Stmt::Expr(text) if text.value.is_string_literal_expr()));
    let (Some(Stmt::Return(found)), None) = (body.next(), body.next()) else { return false };
    found.value.as_deref().is_some_and(is_calculation)
}

fn is_calculation(expr: &Expr) -> bool {
    match expr {
        Expr::Name(_) | Expr::NumberLiteral(_) => true,
        Expr::BinOp(operation) => is_calculation(&operation.left) && is_calculation(&operation.right),
        Expr::UnaryOp(operation) => is_calculation(&operation.operand),
        Expr::Compare(comparison) => {
            is_calculation(&comparison.left) && comparison.comparators.iter().all(is_calculation)
        }
        _ => false,
    }
}
