//! Whether a loop ends.

use ruff_python_ast::{
    Expr, ExprCall, Number, Stmt, StmtWhile,
    visitor::{self, Visitor},
};

use crate::{Program, Root};

/// Calls that wait, or may end a loop by what they raise.
const ENDING: &[&str] = &[
    "sleep",
    "wait",
    "exit",
    "quit",
    "_exit",
    "next",
    "__next__",
    "pop",
    "popleft",
    "popitem",
    "get",
    "get_nowait",
    "input",
    "send",
    "throw",
    "result",
];
/// Functions that are looked into, one calling the next; beyond that a loop is taken to end.
const CALLS: usize = 3;

/// Whether a loop may end, or at least waits: its test, a statement that leaves it, or a call that may.
pub(super) fn has_end<'a>(program: &Program<'a>, endless: &'a StmtWhile) -> bool {
    let always = match endless.test.as_ref() {
        Expr::BooleanLiteral(test) => test.value,
        Expr::NumberLiteral(test) => !matches!(&test.value, Number::Int(int) if int.as_u8() == Some(0)),
        _ => false,
    };
    let mut ways = Ways { program, loops: 0, found: false, calls: 0 };
    ways.visit_body(&endless.body);
    !always || ways.found
}

/// Looks for a way out of a loop.
struct Ways<'p, 'a> {
    program: &'p Program<'a>,
    /// Loops within it, whose `break` is their own.
    loops: usize,
    found: bool,
    /// Calls of functions of the program that led here.
    calls: usize,
}

impl<'a> Visitor<'a> for Ways<'_, 'a> {
    fn visit_stmt(&mut self, statement: &'a Stmt) {
        match statement {
            _ if self.found => {}
            Stmt::Break(_) => self.found |= self.loops == 0,
            Stmt::Return(_) | Stmt::Raise(_) | Stmt::Assert(_) => self.found = true,
            Stmt::FunctionDef(_) | Stmt::ClassDef(_) => {}
            Stmt::While(inner) => {
                self.visit_expr(&inner.test);
                self.loops += 1;
                self.visit_body(&inner.body);
                self.loops -= 1;
                self.visit_body(&inner.orelse);
            }
            Stmt::For(inner) => {
                self.visit_expr(&inner.iter);
                self.loops += 1;
                self.visit_body(&inner.body);
                self.loops -= 1;
                self.visit_body(&inner.orelse);
            }
            other => visitor::walk_stmt(self, other),
        }
    }

    fn visit_expr(&mut self, expr: &'a Expr) {
        match expr {
            _ if self.found => {}
            Expr::Yield(_) | Expr::YieldFrom(_) | Expr::Await(_) => self.found = true,
            Expr::Lambda(_) => {}
            Expr::Call(call) => {
                self.found |= self.may_leave(call);
                visitor::walk_expr(self, expr);
            }
            other => visitor::walk_expr(self, other),
        }
    }
}

impl<'a> Ways<'_, 'a> {
    fn may_leave(&mut self, call: &'a ExprCall) -> bool {
        let named = match call.func.as_ref() {
            Expr::Name(name) => name.id.as_str(),
            Expr::Attribute(attribute) => attribute.attr.as_str(),
            _ => return true,
        };
        if ENDING.contains(&named) {
            return true;
        }
        let program = self.program;
        program.chains(&call.func).iter().any(|chain| match chain.root() {
            Root::Import(path) => chain.is_root() && ENDING.contains(&path.rsplit('.').next().unwrap_or_default()),
            // A function of the program may raise, or end it all.
            Root::Function(def) if chain.is_root() => {
                self.calls >= CALLS || {
                    let ways = Ways { program, loops: 1, found: false, calls: self.calls + 1 };
                    let mut inner = Leaves { ways };
                    inner.visit_body(&def.body);
                    inner.ways.found
                }
            }
            Root::Class(_) => true,
            Root::Unknown => !call.func.is_attribute_expr(),
            _ => false,
        })
    }
}

/// Looks for a way out of a loop in a function that it calls: `return` is none there.
struct Leaves<'p, 'a> {
    ways: Ways<'p, 'a>,
}

impl<'a> Visitor<'a> for Leaves<'_, 'a> {
    fn visit_stmt(&mut self, statement: &'a Stmt) {
        match statement {
            Stmt::Raise(_) | Stmt::Assert(_) => self.ways.found = true,
            Stmt::Return(_) | Stmt::Break(_) | Stmt::FunctionDef(_) | Stmt::ClassDef(_) => {}
            other => visitor::walk_stmt(self, other),
        }
    }

    fn visit_expr(&mut self, expr: &'a Expr) {
        self.ways.visit_expr(expr);
    }
}
