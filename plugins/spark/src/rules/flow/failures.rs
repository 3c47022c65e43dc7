//! Where a program goes on though something failed: `try`, and `with` around what may fail.

use enginehouse_pycheck::ast::{
    ExceptHandler, Expr, Stmt, StmtReturn, StmtTry, StmtWith,
    visitor::{self, Visitor},
};
use rustc_hash::FxHashSet;

use super::{
    Flow,
    state::{Place, Way},
    statements::Bound,
    value::{Code, Value},
};
use crate::rules::walk::caught;

/// Failures that say that a column or a method is not there.
const EXPECTED: &[&str] = &["AnalysisException", "AttributeError", "PySparkAttributeError", "ParseException"];
/// A `try` around so few statements is there for their failure.
const TRIED: usize = 3;

impl<'a> Flow<'_, 'a> {
    pub(super) fn with_statement(&mut self, statement: &'a StmtWith) -> bool {
        let mut swallows = false;
        for item in &statement.items {
            let value = self.eval(&item.context_expr);
            swallows |= self.swallows(&value);
            if let Value::Object(_) = value {
                // Its class may do anything there.
                self.lose();
            }
            if let Some(target) = &item.optional_vars {
                let value = if let Value::Object(_) = value { Value::Unknown } else { value };
                self.assign(target, value);
            }
        }
        if !swallows {
            return self.body(&statement.body);
        }
        let (way, touched) = self.tried(true, |flow| flow.body(&statement.body));
        let stopped: Way<'a> = touched.into_iter().map(|place| (place, Value::Unknown)).collect();
        let ways: Vec<Way<'a>> = way.into_iter().chain([stopped]).collect();
        self.state.merge(&ways, true);
        true
    }

    /// Whether what fails in a `with` of this may be passed over.
    fn swallows(&mut self, context: &Value<'a>) -> bool {
        match context {
            Value::Doubt => true,
            Value::Object(object) => match self.object_attribute(*object, "__exit__") {
                Value::Function(exit) => matches!(exit.code, Code::Def(def) if answers(&def.body)),
                _ => false,
            },
            _ => false,
        }
    }

    pub(super) fn try_statement(&mut self, statement: &'a StmtTry) -> bool {
        let expected = expects(statement);
        let (way, touched) = self.tried(expected, |flow| flow.body(&statement.body) && flow.body(&statement.orelse));
        let mut ways: Vec<Way<'a>> = way.into_iter().collect();
        for ExceptHandler::ExceptHandler(handler) in &statement.handlers {
            ways.extend(self.way(|flow| {
                // It is not known how far the body got.
                for place in &touched {
                    flow.state.set(place.clone(), Value::Unknown);
                }
                if let Some(name) = &handler.name {
                    flow.bind(name.as_str(), Value::Plain);
                }
                flow.spend(touched.len());
                flow.body(&handler.body)
            }));
        }
        let falls = !ways.is_empty();
        if falls {
            self.state.merge(&ways, expected);
        } else {
            for place in touched {
                self.state.set(place, Value::Unknown);
            }
        }
        self.body(&statement.finalbody) && falls
    }

    /// Goes through what may fail: where it ends if it does not, and all that it changed on the way.
    fn tried(
        &mut self,
        expected: bool,
        inside: impl FnOnce(&mut Self) -> bool,
    ) -> (Option<Way<'a>>, FxHashSet<Place<'a>>) {
        let outer = self.state.touched.replace(FxHashSet::default());
        let way = self.way(|flow| flow.doubtful(expected, inside));
        let touched = std::mem::replace(&mut self.state.touched, outer).unwrap_or_default();
        if let Some(outer) = &mut self.state.touched {
            outer.extend(touched.iter().cloned());
        }
        (way, touched)
    }
}

/// Whether a `try` is there to find out if a column or a method exists, or makes otherwise what failed.
fn expects(statement: &StmtTry) -> bool {
    let bound = |statements| {
        let mut names = Bound::default();
        names.visit_body(statements);
        names.0
    };
    let short = statement.body.len() <= TRIED;
    let tried = bound(&statement.body);
    statement.handlers.iter().any(|handler| {
        let named = caught(handler).any(|name| EXPECTED.contains(&name));
        let ExceptHandler::ExceptHandler(handler) = handler;
        let again = || bound(&handler.body).iter().any(|name| tried.contains(name));
        !leaves(&handler.body) && (named || short || again())
    })
}

/// Whether a failure is passed on, or ends the program.
fn leaves(handler: &[Stmt]) -> bool {
    match handler.last() {
        Some(Stmt::Raise(_)) => true,
        Some(Stmt::Expr(statement)) => match statement.value.as_ref() {
            Expr::Call(call) => match call.func.as_ref() {
                Expr::Attribute(method) => matches!(method.attr.as_str(), "exit" | "_exit" | "abort"),
                Expr::Name(name) => matches!(name.id.as_str(), "exit" | "quit"),
                _ => false,
            },
            _ => false,
        },
        _ => false,
    }
}

/// Whether a generator's failures may be passed over by what is around its `yield`.
pub(super) fn passes_over(body: &[Stmt]) -> bool {
    struct Passes(bool);
    impl<'a> Visitor<'a> for Passes {
        fn visit_stmt(&mut self, stmt: &'a Stmt) {
            if let Stmt::Try(statement) = stmt {
                let mut handlers = statement.handlers.iter();
                self.0 |= handlers.any(|ExceptHandler::ExceptHandler(handler)| !leaves(&handler.body));
            }
            visitor::walk_stmt(self, stmt);
        }
    }
    let mut passes = Passes(false);
    passes.visit_body(body);
    passes.0
}

/// Whether a function may answer more than nothing.
fn answers(body: &[Stmt]) -> bool {
    struct Answers(bool);
    impl<'a> Visitor<'a> for Answers {
        fn visit_stmt(&mut self, stmt: &'a Stmt) {
            if let Stmt::Return(StmtReturn { value: Some(value), .. }) = stmt {
                self.0 |= match value.as_ref() {
                    Expr::NoneLiteral(_) => false,
                    Expr::BooleanLiteral(literal) => literal.value,
                    _ => true,
                };
            }
            visitor::walk_stmt(self, stmt);
        }
    }
    let mut answers = Answers(false);
    answers.visit_body(body);
    answers.0
}
