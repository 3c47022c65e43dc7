//! Secrets and the environment in what is printed or logged. Rule `X115`.

use enginehouse_sdk::Finding;
use ruff_python_ast::{
    Expr,
    visitor::{self, Visitor},
};

use super::secrets::is_secret;
use crate::{Call, Part, Program, report};

const LEVELS: &[&str] = &["debug", "info", "warning", "warn", "error", "exception", "critical", "fatal", "log"];
/// Builtins that make another thing of the same content.
const COPIES: &[&str] = &["dict", "str", "repr", "list", "tuple", "sorted", "set", "format"];
const HINT: &str = "log what the program does, and no secret: logs are kept and read by others";

pub(super) fn check(program: &Program<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for call in program.calls().iter().filter(|call| logs(call)) {
        let mut secrets = Secrets { program, found: None };
        secrets.visit_arguments(&call.node.arguments);
        if let Some((expr, what)) = secrets.found {
            let message = format!("`{}` is printed or logged", report::quote(&what));
            findings.push(report::error("X115", program.span(expr), message, HINT));
        }
    }
    findings
}

/// Whether a call prints or logs.
pub(super) fn logs(call: &Call<'_>) -> bool {
    call.chains.iter().any(|chain| {
        let name = chain.last().map_or("", |hop| hop.name.as_ref());
        match chain.path() {
            Some("builtins.print" | "pprint.pprint" | "sys.stdout.write" | "sys.stderr.write") => true,
            Some(path) => path.starts_with("logging.") && (LEVELS.contains(&name) || path.matches('.').count() == 1),
            None => LEVELS.contains(&name) && is_logger(&call.node.func),
        }
    })
}

/// A logger by its name alone, where nobody knows what it is: `self.logger.info`, `log.info`.
fn is_logger(method: &Expr) -> bool {
    let Expr::Attribute(method) = method else { return false };
    let name = match method.value.as_ref() {
        Expr::Name(name) => name.id.as_str(),
        Expr::Attribute(attribute) => attribute.attr.as_str(),
        _ => return false,
    };
    let name = name.to_lowercase();
    name.ends_with("logger") || name.trim_start_matches('_') == "log"
}

/// Looks for a variable that is named like a secret, or one of the environment.
struct Secrets<'p, 'a> {
    program: &'p Program<'a>,
    found: Option<(&'a Expr, String)>,
}

impl<'a> Visitor<'a> for Secrets<'_, 'a> {
    fn visit_expr(&mut self, expr: &'a Expr) {
        if self.found.is_some() {
            return;
        }
        let named = match expr {
            Expr::Name(name) => Some(name.id.as_str()).filter(|name| is_secret(name)),
            Expr::Attribute(attribute) => Some(attribute.attr.as_str()).filter(|name| is_secret(name)),
            // Its length tells nothing; nor does what a function of the program makes of it.
            Expr::Call(call) if matches!(call.func.as_ref(), Expr::Name(name) if !COPIES.contains(&name.id.as_str())) =>
            {
                return;
            }
            Expr::Compare(_) | Expr::Lambda(_) | Expr::UnaryOp(_) => return,
            Expr::If(choice) => {
                self.visit_expr(&choice.body);
                return self.visit_expr(&choice.orelse);
            }
            _ => None,
        };
        let environment = |expr| self.program.chains(expr).iter().any(|chain| chain.pure_path() == Some("os.environ"));
        match expr {
            Expr::Name(_) | Expr::Attribute(_) if environment(expr) => {
                self.found = Some((expr, "os.environ".to_owned()));
                return;
            }
            Expr::Attribute(part) if environment(&part.value) && part.attr.as_str() == "get" => return,
            Expr::Subscript(item) if environment(&item.value) && self.secret_variable(expr).is_none() => return,
            _ => {}
        }
        match named.map(str::to_owned).or_else(|| self.secret_variable(expr)) {
            Some(what) => self.found = Some((expr, what)),
            None => visitor::walk_expr(self, expr),
        }
    }
}

impl<'a> Secrets<'_, 'a> {
    /// The variable of the environment that an expression's text holds, where it is named like a secret.
    fn secret_variable(&self, expr: &'a Expr) -> Option<String> {
        let values = self.program.texts(expr);
        let mut parts = values.iter().flat_map(|value| value.parts());
        parts.find_map(|part| match part {
            Part::Env(name) if is_secret(name) || name.ends_with("_TOKEN") => Some(name.clone()),
            _ => None,
        })
    }
}
