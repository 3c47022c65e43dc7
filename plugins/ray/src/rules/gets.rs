//! When results are fetched, and how many at once. Rules `R007`, `R008` and `R009`.

use std::collections::{BTreeMap, BTreeSet};

use enginehouse_pycheck::{
    Call, Program, Ranged,
    ast::{
        Expr, ExprName, Stmt,
        visitor::{self, Visitor},
    },
    report,
};
use enginehouse_sdk::Finding;

use super::{
    refs::{calls, is_remote, made, many, remote, takes, values},
    shared::own,
    size::Size,
    walk::Walk,
};

/// So many results at once are too many for any memory that one plans with.
const MANY: u64 = 10_000;

pub(super) fn check<'a>(program: &Program<'a>, walk: &Walk<'a>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for call in program.calls() {
        if is_remote(call.node) {
            findings.extend(passed(program, call));
        }
        if calls(call, "ray.get") {
            findings.extend(too_many(program, walk, call));
            findings.extend(in_order(program, walk, call));
        }
    }
    findings.extend(on_arguments(program, walk));
    findings.extend(kept(program, walk));
    findings
}

fn needless(program: &Program<'_>, place: &impl Ranged) -> Finding {
    let message = "`ray.get` fetches a result only to hand it to the next task";
    let hint = "pass the reference: the task gets its value, as in `g.remote(f.remote(x))`";
    report::warning("R007", program.span(place), message, hint)
}

/// `g.remote(ray.get(ref))`.
fn passed<'a>(program: &Program<'a>, call: &Call<'a>) -> Vec<Finding> {
    let fetched = values(call.node).filter(|value| fetches_one(program, value));
    fetched.map(|value| needless(program, value)).collect()
}

/// `ray.get(f.remote(…))`, or of a name that is one reference: a list of them is no argument by itself.
fn fetches_one<'a>(program: &Program<'a>, expr: &'a Expr) -> bool {
    let Expr::Call(call) = expr else { return false };
    let [one] = call.arguments.args.as_ref() else { return false };
    let gets = program.chains(&call.func).iter().all(|chain| chain.pure_path() == Some("ray.get"));
    let reference = || {
        program
            .chains(one)
            .iter()
            .all(|chain| chain.last().is_some_and(|hop| hop.name == "remote" && hop.call.is_some()))
    };
    gets && (remote(one).is_some() || reference())
}

/// `x = ray.get(f.remote())`, where `x` is an argument of tasks and nothing else.
fn kept<'a>(program: &Program<'a>, walk: &Walk<'a>) -> Vec<Finding> {
    let functions = walk.functions.iter().map(|def| def.body.as_slice());
    let bodies = std::iter::once(program.syntax().body()).chain(functions);
    bodies.flat_map(|body| kept_in(program, body)).collect()
}

fn kept_in<'a>(program: &Program<'a>, body: &'a [Stmt]) -> Vec<Finding> {
    let mut names = Names { program, hidden: Vec::new(), fetched: Vec::new(), handed: Vec::new(), all: Vec::new() };
    names.visit_body(body);
    let Names { fetched, handed, all, .. } = names;
    let (handed, all) = (counted(&handed), counted(&all));
    let only = |name: &ExprName| {
        handed.get(name.id.as_str()).is_some_and(|found| all.get(name.id.as_str()) == Some(&(found + 1)))
    };
    fetched.into_iter().filter(|(name, _)| only(name)).map(|(_, value)| needless(program, value)).collect()
}

fn counted<'a>(names: &[&'a ExprName]) -> BTreeMap<&'a str, usize> {
    let mut counted = BTreeMap::new();
    for name in names {
        *counted.entry(name.id.as_str()).or_default() += 1;
    }
    counted
}

/// The names of one body, those that functions within it read included.
struct Names<'p, 'a> {
    program: &'p Program<'a>,
    /// What the functions around bind themselves.
    hidden: Vec<BTreeSet<&'a str>>,
    /// Names of results that were fetched, with what fetches them.
    fetched: Vec<(&'a ExprName, &'a Expr)>,
    /// Names that stand alone as an argument of `.remote(…)`.
    handed: Vec<&'a ExprName>,
    all: Vec<&'a ExprName>,
}

impl Names<'_, '_> {
    fn is_hidden(&self, name: &ExprName) -> bool {
        self.hidden.iter().any(|own| own.contains(name.id.as_str()))
    }
}

impl<'a> Visitor<'a> for Names<'_, 'a> {
    fn visit_stmt(&mut self, statement: &'a Stmt) {
        if let Stmt::FunctionDef(def) = statement {
            self.hidden.push(own(def));
            visitor::walk_stmt(self, statement);
            self.hidden.pop();
            return;
        }
        if let Stmt::Assign(assign) = statement
            && self.hidden.is_empty()
            && let [Expr::Name(name)] = assign.targets.as_slice()
            && fetches_one(self.program, &assign.value)
        {
            self.fetched.push((name, &assign.value));
        }
        visitor::walk_stmt(self, statement);
    }

    fn visit_expr(&mut self, expr: &'a Expr) {
        if let Expr::Name(name) = expr
            && !self.is_hidden(name)
        {
            self.all.push(name);
        }
        if let Some(call) = remote(expr) {
            let names = values(call).filter_map(Expr::as_name_expr).filter(|name| !self.is_hidden(name));
            let names: Vec<_> = names.collect();
            self.handed.extend(names);
        }
        visitor::walk_expr(self, expr);
    }
}

/// A task that waits for what it was given.
fn on_arguments(program: &Program<'_>, walk: &Walk<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for task in &walk.tasks {
        let own = |call: &&Call<'_>| task.range().contains_range(call.node.range());
        // Who waits for the first that is ready has its reason for references.
        if program.calls().iter().filter(own).any(|call| calls(call, "ray.wait")) {
            continue;
        }
        for call in program.calls().iter().filter(own).filter(|call| calls(call, "ray.get")) {
            let Some(Expr::Name(name)) = call.node.arguments.args.first() else { continue };
            if takes(task, name) {
                let message = format!("a task waits with `ray.get` for its argument `{}`", name.id);
                let hint = "take the values themselves, `def f(*values)`, and call it with `f.remote(*refs)`";
                findings.push(report::warning("R007", program.span(call.node), message, hint));
            }
        }
    }
    findings
}

fn too_many<'a>(program: &Program<'a>, walk: &Walk<'a>, call: &Call<'a>) -> Option<Finding> {
    let made = made(program, call.argument(0, "object_refs")?)?;
    let message = match many(program, walk, made, call.node) {
        Size::Rows => "`ray.get` fetches one result for each row of the data, all at once".to_owned(),
        Size::Known(many) if many >= MANY => format!("`ray.get` fetches {many} results at once"),
        _ => return None,
    };
    let hint = "take them in portions: `ready, refs = ray.wait(refs, num_returns=100)`, or use Ray Data";
    Some(report::warning("R008", program.span(call.node), message, hint))
}

/// `for ref in refs: ray.get(ref)`.
fn in_order<'a>(program: &Program<'a>, walk: &Walk<'a>, call: &Call<'a>) -> Option<Finding> {
    let [Expr::Name(reference)] = call.node.arguments.args.as_ref() else { return None };
    let turn = walk.turns(call.node.range()).last()?;
    let (list, Expr::Name(target)) = turn.over? else { return None };
    // Who catches the failure of each takes them one by one for that.
    if target.id != reference.id || walk.is_guarded(call.node.range(), turn) {
        return None;
    }
    let message = "results are taken in the order in which their tasks began, each waiting for the one before";
    let hint = "fetch all with `ray.get(refs)`, or each as it is ready: `done, refs = ray.wait(refs)`";
    made(program, list).map(|_| report::warning("R009", program.span(call.node), message, hint))
}
