//! Actors that stand still. Rules `R016` and `R021`.

use enginehouse_pycheck::{
    Call, Program, Ranged,
    ast::{
        Expr, ExprCall, Number, Stmt, StmtFunctionDef, StmtWhile,
        visitor::{self, Visitor},
    },
    report,
};
use enginehouse_sdk::Finding;

use super::{
    refs::calls,
    walk::{Walk, methods},
};

/// Calls that may end a loop, by what they raise or by ending the actor.
const ENDING: &[&str] = &[
    "exit_actor",
    "exit",
    "quit",
    "_exit",
    "next",
    "pop",
    "popleft",
    "popitem",
    "get",
    "get_nowait",
    "result",
    "kill",
];

pub(super) fn check<'a>(program: &Program<'a>, walk: &Walk<'a>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for method in walk.methods().filter(|method| method.is_async) {
        let own = |call: &&Call<'a>| {
            let place = call.node.range();
            method.range().contains_range(place) && !walk.is_nested(place, method)
        };
        findings.extend(program.calls().iter().filter(own).filter_map(|call| blocks(program, call)));
    }
    // Who ends actors from outside lets them loop.
    if !program.calls().iter().any(|call| calls(call, "ray.kill")) {
        findings
            .extend(walk.actors.iter().flat_map(|actor| methods(actor)).flat_map(|method| endless(program, method)));
    }
    findings
}

/// `ray.get` in an `async` method.
fn blocks(program: &Program<'_>, call: &Call<'_>) -> Option<Finding> {
    let name = ["ray.get", "ray.wait"].into_iter().find(|name| calls(call, name))?;
    let message = format!("`{name}` stops the whole async actor until the result is there");
    let hint = "write `await ref`, or `await asyncio.gather(*refs)` for several";
    Some(report::warning("R016", program.span(call.node), message, hint))
}

/// Loops of a method that wait and never end. Those that do not even wait are told by the common rules.
fn endless<'a>(program: &Program<'a>, method: &'a StmtFunctionDef) -> Vec<Finding> {
    let mut loops = Loops(Vec::new());
    loops.visit_body(&method.body);
    let endless = loops.0.into_iter().filter(|found| {
        let mut ways = Ways::default();
        ways.visit_body(&found.body);
        is_true(&found.test) && ways.waits && !ways.ends
    });
    let finding = |found: &'a StmtWhile| {
        let message = "the actor's loop has no end, and whoever waits for it waits for ever";
        let hint = "end it with `break` when the work is done, or on a flag that another method sets";
        report::warning("R021", program.span(found.test.as_ref()), message, hint)
    };
    endless.map(finding).collect()
}

fn is_true(test: &Expr) -> bool {
    match test {
        Expr::BooleanLiteral(flag) => flag.value,
        Expr::NumberLiteral(number) => {
            matches!(&number.value, Number::Int(int) if int.as_u8() == Some(1))
        }
        _ => false,
    }
}

/// The `while` statements of a method that no `try` is around.
struct Loops<'a>(Vec<&'a StmtWhile>);

impl<'a> Visitor<'a> for Loops<'a> {
    fn visit_stmt(&mut self, statement: &'a Stmt) {
        match statement {
            Stmt::FunctionDef(_) | Stmt::ClassDef(_) | Stmt::Try(_) => return,
            Stmt::While(found) => self.0.push(found),
            _ => {}
        }
        visitor::walk_stmt(self, statement);
    }
}

/// Whether a loop's body waits, and whether it has a way out.
#[derive(Debug, Default)]
struct Ways {
    waits: bool,
    ends: bool,
    /// Loops within it, whose `break` is their own.
    depth: u32,
}

impl<'a> Visitor<'a> for Ways {
    fn visit_stmt(&mut self, statement: &'a Stmt) {
        match statement {
            Stmt::Break(_) => self.ends |= self.depth == 0,
            Stmt::Return(_) | Stmt::Raise(_) | Stmt::Assert(_) => self.ends = true,
            Stmt::FunctionDef(_) | Stmt::ClassDef(_) => {}
            Stmt::For(_) | Stmt::While(_) => {
                self.depth += 1;
                visitor::walk_stmt(self, statement);
                self.depth -= 1;
            }
            _ => visitor::walk_stmt(self, statement),
        }
    }

    fn visit_expr(&mut self, expr: &'a Expr) {
        match expr {
            Expr::Yield(_) | Expr::YieldFrom(_) => self.ends = true,
            Expr::Lambda(_) => return,
            Expr::Call(call) => {
                let name = named(call);
                self.waits |= name == Some("sleep");
                self.ends |= name.is_some_and(|name| ENDING.contains(&name));
            }
            _ => {}
        }
        visitor::walk_expr(self, expr);
    }
}

fn named(call: &ExprCall) -> Option<&str> {
    match call.func.as_ref() {
        Expr::Name(name) => Some(name.id.as_str()),
        Expr::Attribute(attribute) => Some(attribute.attr.as_str()),
        _ => None,
    }
}
