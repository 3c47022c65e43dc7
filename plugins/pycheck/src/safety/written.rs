//! Secrets that stand in the code: assigned, as defaults, in dicts. Rule `X105`.

use enginehouse_sdk::Finding;
use ruff_python_ast::{
    Expr, Parameters, Stmt,
    visitor::{self, Visitor},
};

use super::secrets::{HINT, is_secret};
use crate::{Program, report};

pub(super) fn check(program: &Program<'_>) -> Vec<Finding> {
    let mut written = Written { program, findings: Vec::new() };
    written.visit_body(program.syntax().body());
    written.findings
}

/// Whether a secret stands in the code, and not the name of one, a question for it, or where it lies.
pub(super) fn is_written(name: &str, value: &Expr) -> bool {
    let Expr::StringLiteral(text) = value else { return false };
    let text = text.value.to_str();
    !text.is_empty()
        && !text.contains([' ', '/', '{', '<', '$', ':'])
        && !is_secret(text)
        && !text.eq_ignore_ascii_case(name)
}

struct Written<'p, 'a> {
    program: &'p Program<'a>,
    findings: Vec<Finding>,
}

impl<'a> Written<'_, 'a> {
    fn judge(&mut self, name: &str, value: &'a Expr) {
        if is_secret(name) && is_written(name, value) {
            let message = format!("a secret is written down as `{}`", report::quote(name));
            self.findings.push(report::error("X105", self.program.span(value), message, HINT));
        }
    }
}

impl<'a> Visitor<'a> for Written<'_, 'a> {
    fn visit_stmt(&mut self, statement: &'a Stmt) {
        let (targets, value) = match statement {
            Stmt::Assign(assign) => (assign.targets.as_slice(), Some(assign.value.as_ref())),
            Stmt::AnnAssign(assign) => (std::slice::from_ref(assign.target.as_ref()), assign.value.as_deref()),
            _ => (&[][..], None),
        };
        for (target, value) in targets.iter().zip(value.into_iter().cycle()) {
            match target {
                Expr::Name(name) => self.judge(name.id.as_str(), value),
                Expr::Attribute(attribute) => self.judge(attribute.attr.as_str(), value),
                Expr::Subscript(item) => {
                    if let Expr::StringLiteral(key) = item.slice.as_ref() {
                        self.judge(key.value.to_str(), value);
                    }
                }
                _ => {}
            }
        }
        visitor::walk_stmt(self, statement);
    }

    fn visit_expr(&mut self, expr: &'a Expr) {
        if let Expr::Dict(dict) = expr {
            for item in &dict.items {
                if let Some(Expr::StringLiteral(key)) = &item.key {
                    self.judge(key.value.to_str(), &item.value);
                }
            }
        }
        visitor::walk_expr(self, expr);
    }

    fn visit_parameters(&mut self, parameters: &'a Parameters) {
        for parameter in parameters.iter_non_variadic_params() {
            if let Some(default) = &parameter.default {
                self.judge(parameter.name().as_str(), default);
            }
        }
        visitor::walk_parameters(self, parameters);
    }
}
