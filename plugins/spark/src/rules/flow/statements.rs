//! Statements, one after the other.

use enginehouse_pycheck::ast::{
    ExceptHandler, Expr, Operator, Stmt, StmtIf, StmtMatch, StmtTry,
    visitor::{self, Visitor},
};
use rustc_hash::FxHashSet;

use super::{
    Flow,
    state::{Place, Way},
    value::Value,
};

/// Failures that say that a column or a method is not there.
const EXPECTED: &[&str] = &["AnalysisException", "AttributeError", "PySparkAttributeError", "ParseException"];
/// A `try` around so few statements is there for their failure.
const TRIED: usize = 3;

impl<'a> Flow<'_, 'a> {
    /// Whether the statement behind them is reached.
    pub(super) fn body(&mut self, statements: &'a [Stmt]) -> bool {
        for statement in statements {
            if !self.within(false, |flow| flow.statement(statement)) {
                return false;
            }
        }
        true
    }

    fn statement(&mut self, statement: &'a Stmt) -> bool {
        match statement {
            Stmt::Expr(statement) => drop(self.eval(&statement.value)),
            Stmt::Assign(statement) => {
                let value = self.asked(|flow| flow.eval(&statement.value));
                for target in &statement.targets {
                    self.assign(target, value.clone());
                }
            }
            Stmt::AnnAssign(statement) => {
                if let Some(value) = &statement.value {
                    let value = self.asked(|flow| flow.eval(value));
                    self.assign(&statement.target, value);
                }
            }
            Stmt::AugAssign(statement) => {
                let (before, more) = (self.eval(&statement.target), self.eval(&statement.value));
                let value = match (&before, statement.op) {
                    (Value::Held(_), Operator::Add) => {
                        self.extend(&before, &more);
                        before
                    }
                    (Value::Held(_), _) => {
                        self.change(&before, Value::Unknown);
                        before
                    }
                    _ => self.operation(before, statement.op, more, &statement.value),
                };
                self.assign(&statement.target, value);
            }
            Stmt::If(statement) => return self.branches(statement),
            Stmt::For(statement) => {
                let iter = self.eval(&statement.iter);
                return self.for_loop(&statement.target, &iter, &statement.body, &statement.orelse);
            }
            Stmt::While(statement) => return self.while_loop(&statement.test, &statement.body, &statement.orelse),
            Stmt::With(statement) => {
                for item in &statement.items {
                    let value = self.eval(&item.context_expr);
                    if let Some(target) = &item.optional_vars {
                        let value = if let Value::Object(_) = value { Value::Unknown } else { value };
                        self.assign(target, value);
                    }
                }
                return self.body(&statement.body);
            }
            Stmt::Try(statement) => return self.try_statement(statement),
            Stmt::Match(statement) => return self.match_statement(statement),
            Stmt::FunctionDef(def) => self.define(def),
            Stmt::ClassDef(def) => self.define_class(def),
            Stmt::Return(statement) => {
                let value = statement.value.as_ref().map_or(Value::Nothing, |value| self.eval(value));
                self.leave_function(value);
                return false;
            }
            Stmt::Raise(statement) => {
                for expr in statement.exc.iter().chain(&statement.cause) {
                    self.eval(expr);
                }
                return false;
            }
            Stmt::Break(_) => {
                self.leave_turn(true);
                return false;
            }
            Stmt::Continue(_) => {
                self.leave_turn(false);
                return false;
            }
            Stmt::Import(statement) => {
                for alias in &statement.names {
                    let module = alias.name.as_str();
                    let first = module.split('.').next().unwrap_or(module);
                    let (name, path) = match &alias.asname {
                        Some(name) => (name.as_str(), module),
                        None => (first, first),
                    };
                    self.bind(name, Value::Path(path.into()));
                }
            }
            Stmt::ImportFrom(statement) => {
                let module = statement.module.as_ref().map_or("", |module| module.as_str());
                for alias in statement.names.iter().filter(|alias| alias.name.as_str() != "*") {
                    let name = alias.asname.as_ref().unwrap_or(&alias.name).as_str();
                    let path = [module, ".", alias.name.as_str()].concat();
                    let value = if statement.level > 0 { Value::Unknown } else { Value::Path(path.into()) };
                    self.bind(name, value);
                }
            }
            Stmt::Assert(statement) => drop(self.eval(&statement.test)),
            Stmt::Global(_) | Stmt::Nonlocal(_) | Stmt::Pass(_) => {}
            other => self.forget(|names| names.visit_stmt(other)),
        }
        self.fuel > 0
    }

    /// Gives a name of this environment a value.
    pub(super) fn bind(&mut self, name: &'a str, value: Value<'a>) {
        let environment = self.here();
        self.state.set(Place::Name(environment, name), value);
    }

    pub(super) fn assign(&mut self, target: &'a Expr, value: Value<'a>) {
        match target {
            Expr::Name(name) => self.bind(name.id.as_str(), value),
            Expr::Tuple(_) | Expr::List(_) => {
                let targets = match target {
                    Expr::Tuple(tuple) => &tuple.elts,
                    Expr::List(list) => &list.elts,
                    _ => return,
                };
                let starred = targets.iter().any(Expr::is_starred_expr);
                let values = self.elements(&value).filter(|values| values.len() == targets.len() && !starred);
                let each = match self.open(&value) {
                    Value::Each(each) if !starred => Value::clone(&each),
                    _ => Value::Unknown,
                };
                for (place, target) in targets.iter().enumerate() {
                    let value = values.as_ref().map_or(Some(&each), |values| values.get(place));
                    self.assign(target, value.cloned().unwrap_or(Value::Unknown));
                }
            }
            Expr::Starred(starred) => self.assign(&starred.value, Value::Unknown),
            Expr::Attribute(attribute) => {
                let name = attribute.attr.as_str();
                match self.eval(&attribute.value) {
                    Value::Object(object) => self.state.set(Place::Attribute(object, name), value),
                    Value::Class(_, environment) => self.state.set(Place::Name(environment, name), Value::Unknown),
                    Value::Unknown => self.lose(),
                    _ => {}
                }
            }
            Expr::Subscript(item) => {
                let (of, key) = (self.eval(&item.value), self.eval(&item.slice));
                self.set_item(&of, key, value);
            }
            _ => {}
        }
    }

    /// Nothing is known any more of the names that something binds.
    fn forget(&mut self, visit: impl FnOnce(&mut Bound<'a>)) {
        let mut names = Bound::default();
        visit(&mut names);
        for name in names.0 {
            self.bind(name, Value::Unknown);
        }
    }

    fn branches(&mut self, statement: &'a StmtIf) -> bool {
        let mark = self.state.mark();
        let mut ways = Vec::new();
        let clauses = statement.elif_else_clauses.iter().map(|clause| (clause.test.as_ref(), clause.body.as_slice()));
        let first = (Some(statement.test.as_ref()), statement.body.as_slice());
        // Whether none of the clauses may be taken.
        let mut open = true;
        let mut doubt = false;
        for (test, body) in std::iter::once(first).chain(clauses) {
            let (truth, doubtful) = test.map_or((Some(true), false), |test| self.decides(test));
            if truth == Some(false) {
                continue;
            }
            doubt |= doubtful && truth.is_none();
            // Names that a test binds hold in the branches behind it, too: they are made one with the others' ends.
            let start = self.state.mark();
            let falls = self.doubtful(doubt, |flow| flow.body(body));
            let way = self.state.back(start);
            if falls {
                ways.push(way);
            }
            if truth == Some(true) {
                open = false;
                break;
            }
        }
        if open {
            ways.push(Way::default());
        }
        self.spend(self.state.mark() - mark);
        self.state.merge(&ways);
        !ways.is_empty()
    }

    fn match_statement(&mut self, statement: &'a StmtMatch) -> bool {
        self.eval(&statement.subject);
        let mut ways = vec![Way::default()];
        for case in &statement.cases {
            let mark = self.state.mark();
            self.forget(|names| names.visit_pattern(&case.pattern));
            if let Some(guard) = &case.guard {
                self.eval(guard);
            }
            let falls = self.body(&case.body);
            let way = self.state.back(mark);
            if falls {
                ways.push(way);
            }
        }
        self.state.merge(&ways);
        true
    }

    fn try_statement(&mut self, statement: &'a StmtTry) -> bool {
        let outer = self.state.touched.replace(FxHashSet::default());
        let mark = self.state.mark();
        let expected = self.expects(statement);
        self.quiet += u32::from(expected);
        let mut falls = self.body(&statement.body);
        self.quiet -= u32::from(expected);
        falls = falls && self.body(&statement.orelse);
        let way = self.state.back(mark);
        let touched = std::mem::replace(&mut self.state.touched, outer).unwrap_or_default();
        if let Some(outer) = &mut self.state.touched {
            outer.extend(touched.iter().cloned());
        }
        let mut ways = Vec::new();
        if falls {
            ways.push(way);
        }
        for ExceptHandler::ExceptHandler(handler) in &statement.handlers {
            let mark = self.state.mark();
            // It is not known how far the body got.
            for place in &touched {
                self.state.set(place.clone(), Value::Unknown);
            }
            if let Some(name) = &handler.name {
                self.bind(name.as_str(), Value::Plain);
            }
            self.spend(touched.len());
            let falls = self.body(&handler.body);
            let way = self.state.back(mark);
            if falls {
                ways.push(way);
            }
        }
        let falls = !ways.is_empty();
        if falls {
            self.state.merge(&ways);
        } else {
            for place in touched {
                self.state.set(place, Value::Unknown);
            }
        }
        self.body(&statement.finalbody) && falls
    }

    /// Whether a `try` is there to find out if a column or a method exists.
    fn expects(&self, statement: &'a StmtTry) -> bool {
        let short = statement.body.len() <= TRIED;
        statement.handlers.iter().any(|ExceptHandler::ExceptHandler(handler)| {
            let mut leaves = Leaves(false);
            leaves.visit_body(&handler.body);
            let named = handler.type_.as_deref().is_some_and(|kind| {
                let kinds = match kind {
                    Expr::Tuple(kinds) => kinds.elts.as_slice(),
                    kind => std::slice::from_ref(kind),
                };
                kinds.iter().any(|kind| match kind {
                    Expr::Name(name) => EXPECTED.contains(&name.id.as_str()),
                    Expr::Attribute(name) => EXPECTED.contains(&name.attr.as_str()),
                    _ => false,
                })
            });
            !leaves.0 && (named || short)
        })
    }
}

/// Gathers the names that are bound.
#[derive(Default)]
struct Bound<'a>(Vec<&'a str>);

impl<'a> Visitor<'a> for Bound<'a> {
    fn visit_expr(&mut self, expr: &'a Expr) {
        if let Expr::Name(name) = expr
            && !name.ctx.is_load()
        {
            self.0.push(name.id.as_str());
        }
        visitor::walk_expr(self, expr);
    }

    fn visit_pattern(&mut self, pattern: &'a enginehouse_pycheck::ast::Pattern) {
        use enginehouse_pycheck::ast::Pattern;
        let name = match pattern {
            Pattern::MatchAs(pattern) => pattern.name.as_ref(),
            Pattern::MatchStar(pattern) => pattern.name.as_ref(),
            Pattern::MatchMapping(pattern) => pattern.rest.as_ref(),
            _ => None,
        };
        self.0.extend(name.map(|name| name.as_str()));
        visitor::walk_pattern(self, pattern);
    }
}

/// Whether a failure is passed on, or ends the program.
struct Leaves(bool);

impl<'a> Visitor<'a> for Leaves {
    fn visit_stmt(&mut self, stmt: &'a Stmt) {
        self.0 |= stmt.is_raise_stmt();
        visitor::walk_stmt(self, stmt);
    }

    fn visit_expr(&mut self, expr: &'a Expr) {
        if let Expr::Call(call) = expr {
            self.0 |= match call.func.as_ref() {
                Expr::Attribute(method) => matches!(method.attr.as_str(), "exit" | "_exit" | "abort"),
                Expr::Name(name) => matches!(name.id.as_str(), "exit" | "quit"),
                _ => false,
            };
        }
        visitor::walk_expr(self, expr);
    }
}
