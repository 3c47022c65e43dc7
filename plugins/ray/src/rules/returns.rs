//! What functions give back. Rule `R010`.

use enginehouse_pycheck::{
    Program,
    ast::{
        Expr, Stmt, StmtFunctionDef,
        visitor::{self, Visitor},
    },
    report,
};
use enginehouse_sdk::Finding;

use super::{
    refs::{answers, takes},
    walk::Walk,
};

/// What a function returns, without what functions within it do.
#[derive(Debug, Default)]
pub(super) struct Returns<'a> {
    /// None for a `return` alone.
    pub(super) values: Vec<Option<&'a Expr>>,
    pub(super) yields: bool,
}

impl<'a> Returns<'a> {
    pub(super) fn of(def: &'a StmtFunctionDef) -> Self {
        let mut returns = Self::default();
        returns.visit_body(&def.body);
        returns
    }
}

impl<'a> Visitor<'a> for Returns<'a> {
    fn visit_stmt(&mut self, statement: &'a Stmt) {
        match statement {
            Stmt::Return(found) => self.values.push(found.value.as_deref()),
            Stmt::FunctionDef(_) | Stmt::ClassDef(_) => return,
            _ => {}
        }
        visitor::walk_stmt(self, statement);
    }

    fn visit_expr(&mut self, expr: &'a Expr) {
        match expr {
            Expr::Lambda(_) => {}
            Expr::Yield(_) | Expr::YieldFrom(_) => self.yields = true,
            _ => visitor::walk_expr(self, expr),
        }
    }
}

pub(super) fn check<'a>(program: &Program<'a>, walk: &Walk<'a>) -> Vec<Finding> {
    let functions = walk.tasks.iter().copied().chain(walk.methods());
    let put = functions.flat_map(|def| references(program, def));
    let finding = |value: &'a Expr| {
        let message = "a task returns a reference, so that its result is fetched twice and lost with its worker";
        report::warning("R010", program.span(value), message, "return the value itself: Ray keeps it where it belongs")
    };
    put.map(finding).collect()
}

/// What a function returns that is `ray.put(…)`, or a name for it.
fn references<'a>(program: &Program<'a>, def: &'a StmtFunctionDef) -> Vec<&'a Expr> {
    let parts = Returns::of(def).values.into_iter().flatten().flat_map(|value| match value {
        Expr::Tuple(tuple) => tuple.elts.iter().collect(),
        Expr::List(list) => list.elts.iter().collect(),
        value => vec![value],
    });
    // A task gets the value of a reference that it is given.
    let given = |value: &Expr| match value {
        Expr::Name(name) => takes(def, name),
        _ => false,
    };
    let put = |value: &&'a Expr| program.chains(value).iter().all(|chain| answers(chain, "ray.put"));
    parts.filter(|value| !given(value)).filter(put).collect()
}
