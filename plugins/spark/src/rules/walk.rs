//! What the tree's shape tells: conditions, loops, functions.

use enginehouse_pycheck::{
    Ranged, TextRange,
    ast::{
        BoolOp, ExceptHandler, Expr, ExprCompare, Stmt, StmtFunctionDef, UnaryOp,
        visitor::{self, Visitor},
    },
};

/// Failures that say that the installed version does not have something.
const ABSENT: &[&str] = &["ImportError", "ModuleNotFoundError", "AttributeError"];

/// Parts of a program, in the order of the walk.
#[derive(Debug, Default)]
pub(super) struct Walk<'a> {
    /// `a and b`, `not a`: the whole, its operands, and the word.
    pub(super) booleans: Vec<(&'a Expr, Vec<&'a Expr>, &'static str)>,
    pub(super) comparisons: Vec<(&'a Expr, &'a ExprCompare)>,
    /// What decides: `if a:`, `while a:`, `x if a else y`, `assert a`.
    pub(super) tests: Vec<&'a Expr>,
    /// The bodies of `for` and `while`.
    pub(super) loops: Vec<TextRange>,
    pub(super) functions: Vec<&'a StmtFunctionDef>,
    /// What is tried in case the installed version does not have it.
    tried: Vec<TextRange>,
    /// Expressions that stand alone as statements.
    pub(super) alone: Vec<&'a Expr>,
    /// `x.name = …` for any `x`.
    pub(super) attributes_set: Vec<&'a str>,
}

impl<'a> Walk<'a> {
    pub(super) fn of(body: &'a [Stmt]) -> Self {
        let mut walk = Self::default();
        for statement in body {
            walk.visit_stmt(statement);
        }
        walk
    }

    /// Whether the program has a function or method of this name.
    pub(super) fn defines(&self, name: &str) -> bool {
        self.functions.iter().any(|function| function.name.as_str() == name)
    }

    /// Whether a place lies in the body of a loop.
    pub(super) fn in_loop(&self, range: TextRange) -> bool {
        self.loops.iter().any(|body| body.contains_range(range))
    }

    /// Whether the program tries if there is such a thing at a place.
    pub(super) fn is_tried(&self, range: TextRange) -> bool {
        self.tried.iter().any(|tried| tried.contains_range(range))
    }

    /// Whether a place lies in a function.
    pub(super) fn in_function(&self, range: TextRange) -> bool {
        self.functions.iter().any(|function| function.range().contains_range(range))
    }

    fn looped(&mut self, body: &[Stmt]) {
        if let (Some(first), Some(last)) = (body.first(), body.last()) {
            self.loops.push(TextRange::new(first.start(), last.end()));
        }
    }
}

/// The last words of the failures that are caught.
pub(super) fn caught(handler: &ExceptHandler) -> impl Iterator<Item = &str> {
    let ExceptHandler::ExceptHandler(handler) = handler;
    let kinds = match handler.type_.as_deref() {
        Some(Expr::Tuple(kinds)) => kinds.elts.as_slice(),
        Some(kind) => std::slice::from_ref(kind),
        None => &[],
    };
    kinds.iter().filter_map(|kind| match kind {
        Expr::Name(name) => Some(name.id.as_str()),
        Expr::Attribute(name) => Some(name.attr.as_str()),
        _ => None,
    })
}

impl<'a> Visitor<'a> for Walk<'a> {
    fn visit_stmt(&mut self, statement: &'a Stmt) {
        match statement {
            Stmt::For(statement) => self.looped(&statement.body),
            Stmt::While(statement) => {
                self.looped(&statement.body);
                self.tests.push(&statement.test);
            }
            Stmt::If(statement) => {
                self.tests.push(&statement.test);
                self.tests.extend(statement.elif_else_clauses.iter().filter_map(|clause| clause.test.as_ref()));
            }
            Stmt::Try(statement) if statement.handlers.iter().flat_map(caught).any(|name| ABSENT.contains(&name)) => {
                self.tried.extend(statement.body.iter().map(Ranged::range));
            }
            Stmt::Assert(statement) => self.tests.push(&statement.test),
            Stmt::FunctionDef(function) => self.functions.push(function),
            Stmt::Expr(alone) => self.alone.push(&alone.value),
            Stmt::Assign(statement) => {
                let attribute = |target: &'a Expr| target.as_attribute_expr().map(|target| target.attr.as_str());
                self.attributes_set.extend(statement.targets.iter().filter_map(attribute));
            }
            _ => {}
        }
        visitor::walk_stmt(self, statement);
    }

    fn visit_expr(&mut self, expr: &'a Expr) {
        match expr {
            Expr::BoolOp(operation) => {
                let word = if operation.op == BoolOp::And { "and" } else { "or" };
                self.booleans.push((expr, operation.values.iter().collect(), word));
            }
            Expr::UnaryOp(operation) if operation.op == UnaryOp::Not => {
                self.booleans.push((expr, vec![&operation.operand], "not"));
            }
            Expr::Compare(comparison) => self.comparisons.push((expr, comparison)),
            Expr::If(choice) => self.tests.push(&choice.test),
            _ => {}
        }
        visitor::walk_expr(self, expr);
    }
}
