//! Large values that go to the cluster with each task. Rule `R012`.

use enginehouse_pycheck::{
    Call, Program, Ranged, Root, TextRange,
    ast::{
        Expr, ExprName,
        visitor::{self, Visitor},
    },
    report,
};
use enginehouse_sdk::Finding;

use super::{
    refs::{is_remote, values},
    shared::own,
    size::elements,
    walk::Walk,
};

/// Elements, of eight bytes or so each, from which a value is large.
const LARGE: u64 = 1_000_000;
const HINT: &str = "store it once, `ref = ray.put(value)`, and pass `ref` as an argument";

pub(super) fn check<'a>(program: &Program<'a>, walk: &Walk<'a>) -> Vec<Finding> {
    let mut findings: Vec<Finding> = program.calls().iter().flat_map(|call| by_value(program, walk, call)).collect();
    for def in walk.tasks.iter().copied().chain(walk.methods()) {
        let mut loads = Loads(Vec::new());
        loads.visit_body(&def.body);
        let own = own(def);
        let captured = |(name, expr): &(&'a ExprName, &'a Expr)| {
            !own.contains(name.id.as_str()) && is_large(program, expr, |made| !def.range().contains_range(made))
        };
        let first = loads.0.into_iter().find(captured);
        findings.extend(first.map(|(name, _)| {
            let message = format!("the large value `{}` is packed into the task that uses it", name.id);
            report::warning("R012", program.span(name), message, HINT)
        }));
    }
    findings
}

/// `f.remote(large)` in a loop.
fn by_value<'a>(program: &Program<'a>, walk: &Walk<'a>, call: &Call<'a>) -> Vec<Finding> {
    let remote = is_remote(call.node);
    let Some(turn) = walk.turns(call.node.range()).last().filter(|_| remote) else { return Vec::new() };
    let large = values(call.node).filter_map(|value| match value {
        Expr::Name(name) if is_large(program, value, |made| !turn.body.contains_range(made)) => Some(name),
        _ => None,
    });
    let finding = |name: &ExprName| {
        let message = format!("the large value `{}` is copied into the object store for each task", name.id);
        report::warning("R012", program.span(name), message, HINT)
    };
    large.map(finding).collect()
}

/// Whether all that an expression may be is large, and made where it was asked for.
fn is_large<'a>(program: &Program<'a>, expr: &'a Expr, there: impl Fn(TextRange) -> bool) -> bool {
    program.chains(expr).iter().all(|chain| {
        let made = match (chain.root(), chain.last().and_then(|hop| hop.call)) {
            (_, Some(call)) => call.range(),
            (Root::Value(value), None) => value.range(),
            _ => return false,
        };
        there(made) && elements(program, chain).is_some_and(|elements| elements >= LARGE)
    })
}

struct Loads<'a>(Vec<(&'a ExprName, &'a Expr)>);

impl<'a> Visitor<'a> for Loads<'a> {
    fn visit_expr(&mut self, expr: &'a Expr) {
        if let Expr::Name(name) = expr
            && name.ctx.is_load()
        {
            self.0.push((name, expr));
        }
        visitor::walk_expr(self, expr);
    }
}
