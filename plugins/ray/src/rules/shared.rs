//! What tasks share by mistake: each runs in a process of its own. Rule `R013`.

use std::collections::BTreeSet;

use enginehouse_pycheck::{
    Program, Ranged, Root,
    ast::{
        Expr, Stmt, StmtFunctionDef,
        visitor::{self, Visitor},
    },
    report,
};
use enginehouse_sdk::{Finding, Severity};

use super::remote::is_remote;

const HINT: &str = "return the value from the task, or keep it in an actor";
/// Methods that change a list, a dict or a set.
const CHANGES: &[&str] =
    &["append", "extend", "insert", "remove", "pop", "clear", "update", "add", "discard", "setdefault", "popitem"];

pub(super) fn check(program: &Program<'_>) -> Vec<Finding> {
    let mut tasks = Tasks { program, findings: Vec::new() };
    tasks.visit_body(program.syntax().body());
    tasks.findings
}

struct Tasks<'p, 'a> {
    program: &'p Program<'a>,
    findings: Vec<Finding>,
}

impl<'a> Visitor<'a> for Tasks<'_, 'a> {
    fn visit_stmt(&mut self, statement: &'a Stmt) {
        if let Stmt::FunctionDef(def) = statement
            && is_remote(self.program, &def.decorator_list)
        {
            let mut used = Used(BTreeSet::new());
            used.visit_body(&def.body);
            let mut task = Task { program: self.program, own: own(def), used: used.0, findings: Vec::new() };
            task.visit_body(&def.body);
            self.findings.append(&mut task.findings);
        }
        visitor::walk_stmt(self, statement);
    }
}

/// Names that are read, and not only changed: `x.append(…)` and `x[k] = …` take nothing.
struct Used<'a>(BTreeSet<&'a str>);

impl<'a> Visitor<'a> for Used<'a> {
    fn visit_stmt(&mut self, statement: &'a Stmt) {
        if let Stmt::Expr(statement) = statement
            && let Expr::Call(call) = statement.value.as_ref()
            && let Expr::Attribute(method) = call.func.as_ref()
            && method.value.is_name_expr()
            && CHANGES.contains(&method.attr.as_str())
        {
            return self.visit_arguments(&call.arguments);
        }
        visitor::walk_stmt(self, statement);
    }

    fn visit_expr(&mut self, expr: &'a Expr) {
        match expr {
            Expr::Subscript(item) if item.value.is_name_expr() && !item.ctx.is_load() => self.visit_expr(&item.slice),
            Expr::Name(name) if name.ctx.is_load() => drop(self.0.insert(name.id.as_str())),
            _ => visitor::walk_expr(self, expr),
        }
    }
}

/// The body of one task.
struct Task<'p, 'a> {
    program: &'p Program<'a>,
    /// Names that are bound in the task itself.
    own: BTreeSet<&'a str>,
    /// Names whose value the task takes for itself.
    used: BTreeSet<&'a str>,
    findings: Vec<Finding>,
}

impl<'a> Visitor<'a> for Task<'_, 'a> {
    fn visit_stmt(&mut self, statement: &'a Stmt) {
        match statement {
            Stmt::Global(global) => {
                let names = global.names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
                let kept = global.names.iter().all(|name| self.used.contains(name.as_str()));
                self.tell(global, &names, kept);
            }
            Stmt::Assign(assign) => assign.targets.iter().for_each(|target| self.item(target)),
            Stmt::AugAssign(assign) => self.item(&assign.target),
            _ => {}
        }
        visitor::walk_stmt(self, statement);
    }

    fn visit_expr(&mut self, expr: &'a Expr) {
        if let Expr::Call(call) = expr
            && let Expr::Attribute(method) = call.func.as_ref()
            && CHANGES.contains(&method.attr.as_str())
        {
            self.judge(&method.value);
        }
        visitor::walk_expr(self, expr);
    }
}

impl<'a> Task<'_, 'a> {
    /// `x[k] = …`
    fn item(&mut self, target: &'a Expr) {
        if let Expr::Subscript(subscript) = target {
            self.judge(&subscript.value);
        }
    }

    /// A list, dict or set of the module, and nothing else for certain.
    fn judge(&mut self, expr: &'a Expr) {
        let Expr::Name(name) = expr else { return };
        let collection = self.program.chains(expr).iter().all(|chain| match chain.root() {
            Root::Value(Expr::List(_) | Expr::Dict(_) | Expr::Set(_) | Expr::ListComp(_) | Expr::DictComp(_)) => {
                chain.is_root()
            }
            Root::Builtin("list" | "dict" | "set") => chain.length() == 1,
            Root::Import(path) => path.as_ref() == "collections.defaultdict",
            _ => false,
        });
        if collection && !self.own.contains(name.id.as_str()) {
            self.tell(name, &format!("`{}`", name.id), self.used.contains(name.id.as_str()));
        }
    }

    /// What a task keeps for itself, such as a model that it loads once, is as right in each process.
    fn tell(&mut self, place: &impl Ranged, names: &str, kept: bool) {
        let message = format!("a task changes the global variable {names}, which no other process sees");
        let severity = if kept { Severity::Warning } else { Severity::Error };
        self.findings.push(report::finding("R013", severity, self.program.span(place), message, HINT));
    }
}

/// Parameters, and all that is assigned in the function or within it.
pub(super) fn own(def: &StmtFunctionDef) -> BTreeSet<&str> {
    struct Bound<'a>(BTreeSet<&'a str>);
    impl<'a> Visitor<'a> for Bound<'a> {
        fn visit_expr(&mut self, expr: &'a Expr) {
            match expr {
                Expr::Name(name) if !name.ctx.is_load() => drop(self.0.insert(name.id.as_str())),
                _ => visitor::walk_expr(self, expr),
            }
        }
        fn visit_parameter(&mut self, parameter: &'a enginehouse_pycheck::ast::Parameter) {
            self.0.insert(parameter.name.as_str());
        }
    }
    let mut bound = Bound(BTreeSet::new());
    bound.visit_parameters(&def.parameters);
    bound.visit_body(&def.body);
    bound.0
}
