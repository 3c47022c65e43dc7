//! Statements, one after the other.

use enginehouse_pycheck::{
    ast::{
        Expr, Operator, Pattern, Stmt, StmtIf, StmtMatch,
        visitor::{self, Visitor},
    },
    bound_by,
};

use super::{
    Flow,
    compares::same,
    state::{Place, Way},
    value::Value,
};

/// What ends the program.
const ENDS: &[&str] = &["sys.exit", "os._exit", "builtins.exit", "builtins.quit"];

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
        let stops = self.stops;
        match statement {
            Stmt::Expr(statement) => {
                self.eval(&statement.value);
                return self.stops == stops && !self.ends(&statement.value);
            }
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
                let before = before.some().clone();
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
            Stmt::With(statement) => return self.with_statement(statement),
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
            Stmt::Delete(statement) => statement.targets.iter().for_each(|target| self.delete(target)),
            Stmt::Global(_) | Stmt::Nonlocal(_) | Stmt::Pass(_) => {}
            other => self.forget(|names| names.visit_stmt(other)),
        }
        self.fuel > 0 && self.stops == stops
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
                match self.eval(&attribute.value).some() {
                    Value::Object(object) => self.set_attribute(*object, name, value),
                    Value::Class(_, environment) => self.state.set(Place::Name(*environment, name), Value::Unknown),
                    Value::Unknown | Value::Doubt | Value::Each(_) => self.lose(),
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

    fn delete(&mut self, target: &'a Expr) {
        match target {
            Expr::Subscript(item) => {
                let of = self.eval(&item.value);
                self.change(&of, Value::Unknown);
            }
            target => self.assign(target, Value::Unknown),
        }
    }

    /// Whether it is a call that ends the program.
    fn ends(&mut self, expr: &'a Expr) -> bool {
        let Expr::Call(call) = expr else { return false };
        let named = match call.func.as_ref() {
            Expr::Name(_) => true,
            Expr::Attribute(attribute) => matches!(attribute.attr.as_str(), "exit" | "_exit"),
            _ => false,
        };
        named && matches!(self.eval(&call.func), Value::Path(path) if ENDS.contains(&&*path))
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
            ways.extend(self.way(|flow| flow.doubtful(doubt, |flow| flow.body(body))));
            if truth == Some(true) {
                open = false;
                break;
            }
        }
        self.spend(self.state.mark() - mark);
        self.go_on(ways, open, doubt)
    }

    /// Goes one way and comes back: how it ends, if it does not leave.
    pub(super) fn way(&mut self, inside: impl FnOnce(&mut Self) -> bool) -> Option<Way<'a>> {
        let mark = self.state.mark();
        let falls = inside(self);
        let way = self.state.back(mark);
        falls.then_some(way)
    }

    /// Goes on from the ends of branches; `open` where none of them may have been taken.
    fn go_on(&mut self, mut ways: Vec<Way<'a>>, open: bool, doubt: bool) -> bool {
        if open {
            ways.push(Way::default());
        }
        self.state.merge(&ways, doubt);
        !ways.is_empty()
    }

    fn match_statement(&mut self, statement: &'a StmtMatch) -> bool {
        let subject = self.eval(&statement.subject);
        let mut ways = Vec::new();
        let (mut open, mut doubt) = (true, false);
        for case in &statement.cases {
            let mut truth = None;
            ways.extend(self.way(|flow| {
                flow.forget(|names| names.visit_pattern(&case.pattern));
                truth = flow.matches(&case.pattern, &subject);
                if truth != Some(false)
                    && let Some(guard) = &case.guard
                {
                    truth = truth.zip(flow.decides(guard).0).map(|(matches, passes)| matches && passes);
                }
                // What a value is, is not told apart here.
                doubt |= truth.is_none();
                truth != Some(false) && flow.doubtful(doubt, |flow| flow.body(&case.body))
            }));
            if truth == Some(true) {
                open = false;
                break;
            }
        }
        self.go_on(ways, open, doubt)
    }

    /// Whether a value fits a pattern, where that can be told.
    fn matches(&mut self, pattern: &'a Pattern, subject: &Value<'a>) -> Option<bool> {
        match pattern {
            Pattern::MatchAs(pattern) if pattern.pattern.is_none() => Some(true),
            Pattern::MatchValue(pattern) => same(subject, &self.eval(&pattern.value)),
            Pattern::MatchOr(several) => {
                let all: Vec<Option<bool>> =
                    several.patterns.iter().map(|pattern| self.matches(pattern, subject)).collect();
                if all.contains(&Some(true)) {
                    return Some(true);
                }
                all.iter().all(|truth| *truth == Some(false)).then_some(false)
            }
            _ => None,
        }
    }
}

/// Gathers the names that are bound.
#[derive(Default)]
pub(super) struct Bound<'a>(pub(super) Vec<&'a str>);

impl<'a> Visitor<'a> for Bound<'a> {
    fn visit_expr(&mut self, expr: &'a Expr) {
        if let Expr::Name(name) = expr
            && !name.ctx.is_load()
        {
            self.0.push(name.id.as_str());
        }
        visitor::walk_expr(self, expr);
    }

    fn visit_pattern(&mut self, pattern: &'a Pattern) {
        self.0.extend(bound_by(pattern).map(|name| name.as_str()));
        visitor::walk_pattern(self, pattern);
    }
}
