//! What programs written in a hurry do: data that is made up, failures that are hidden, loops without an end, chance without a seed.
//! Rules `C006` to `C009`.

use enginehouse_sdk::Finding;
use ruff_python_ast::{
    ExceptHandler, Expr, ExprCall, Stmt, StmtWhile,
    visitor::{self, Visitor},
};
use ruff_text_size::{Ranged, TextRange};
use rustc_hash::FxHashSet;

use crate::{Call, Chain, Policy, Program, chain::Root, report};

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
/// Functions of `random` and `numpy.random` that take no part in chance.
const SETTLED: &[&str] = &[
    "seed",
    "Random",
    "SystemRandom",
    "default_rng",
    "RandomState",
    "Generator",
    "SeedSequence",
    "PCG64",
    "getstate",
    "setstate",
];

/// Runs the rules on habits.
pub(crate) fn check(program: &Program<'_>, policy: &Policy<'_>) -> Vec<Finding> {
    let mut findings: Vec<Finding> = program.calls().iter().filter_map(|call| made_up(program, policy, call)).collect();
    findings.extend(unseeded(program));
    let mut statements = Statements { program, guarded: 0, findings: Vec::new() };
    statements.visit_body(program.syntax().body());
    findings.append(&mut statements.findings);
    findings
}

/// `createDataFrame([(1, "a")])`, where a source was given and nothing reads it.
fn made_up<'a>(program: &Program<'a>, policy: &Policy<'_>, call: &Call<'a>) -> Option<Finding> {
    let makes = |chain: &Chain<'_>| {
        let path = chain.path().unwrap_or_default();
        policy
            .makers
            .iter()
            .any(|maker| if maker.contains('.') { path == *maker } else { call.called(chain) == Some(maker) })
    };
    if !call.chains.iter().any(makes) {
        return None;
    }
    let data = call
        .node
        .arguments
        .args
        .first()
        .or_else(|| ["data", "items"].iter().find_map(|name| call.argument(usize::MAX, name)))?;
    is_written_out(program, data, 0).then(|| {
        let message = "the data is made up, and the given source is not read";
        report::error("C006", program.span(call.node), message, "read the source that the request names")
    })
}

/// A list, a dict or a frame of what stands in the program; an empty one says nothing.
fn is_written_out<'a>(program: &Program<'a>, expr: &'a Expr, depth: usize) -> bool {
    program.chains(expr).iter().any(|chain| match chain.root() {
        Root::Value(Expr::List(list)) => !list.elts.is_empty() && chain.is_root(),
        Root::Value(Expr::Tuple(tuple)) => !tuple.elts.is_empty() && chain.is_root(),
        Root::Value(Expr::Dict(dict)) => !dict.items.is_empty() && chain.is_root(),
        Root::Value(Expr::ListComp(made)) => {
            made.generators.iter().all(|part| matches!(&part.iter, Expr::Call(call) if is_named(&call.func, "range")))
        }
        Root::Import(path) if path.starts_with("pandas") && depth < 2 => {
            let frame = chain.last().and_then(|hop| hop.call).filter(|_| chain.path() == Some("pandas.DataFrame"));
            let data = frame.and_then(|call| call.arguments.find_argument_value("data", 0));
            data.is_some_and(|data| is_written_out(program, data, depth + 1))
        }
        _ => false,
    })
}

fn is_named(expr: &Expr, wanted: &str) -> bool {
    matches!(expr, Expr::Name(name) if name.id.as_str() == wanted)
}

/// The first number by chance of a program that sets no seed.
fn unseeded(program: &Program<'_>) -> Option<Finding> {
    let chance = |path: &str| {
        let name = path.strip_prefix("random.").or_else(|| path.strip_prefix("numpy.random."))?;
        (!name.contains('.')).then_some(name.to_owned())
    };
    // How long something waits is no result.
    let waits =
        program.calls().iter().filter(|call| call.chains.iter().any(|chain| call.called(chain) == Some("sleep")));
    let waits: Vec<TextRange> = waits.map(|call| call.node.range()).collect();
    let mut first = None;
    for call in program.calls().iter().filter(|call| !waits.iter().any(|wait| wait.contains_range(call.node.range()))) {
        let Some((path, name)) =
            call.callee.iter().find_map(|chain| Some((chain.pure_path()?, chance(chain.pure_path()?)?)))
        else {
            continue;
        };
        let given = !call.node.arguments.is_empty();
        match name.as_str() {
            "seed" | "setstate" => return None,
            "Random" | "default_rng" | "RandomState" if !given => {}
            settled if SETTLED.contains(&settled) => continue,
            _ => {}
        }
        first = first.or(Some((call, path)));
    }
    let (call, path) = first?;
    let message = format!("`{}` gives other values in each run", report::quote(path));
    Some(report::warning("C009", program.span(call.node), message, "set a seed once, such as `random.seed(42)`"))
}

struct Statements<'p, 'a> {
    program: &'p Program<'a>,
    /// `try` statements around that catch something.
    guarded: usize,
    findings: Vec<Finding>,
}

impl<'a> Visitor<'a> for Statements<'_, 'a> {
    fn visit_stmt(&mut self, statement: &'a Stmt) {
        match statement {
            Stmt::Try(guarded) => {
                self.guarded += usize::from(!guarded.handlers.is_empty());
                self.visit_body(&guarded.body);
                self.guarded -= usize::from(!guarded.handlers.is_empty());
                guarded.handlers.iter().for_each(|handler| self.visit_except_handler(handler));
                self.visit_body(&guarded.orelse);
                self.visit_body(&guarded.finalbody);
                return;
            }
            Stmt::While(endless) if self.guarded == 0 && !has_end(self.program, endless) => {
                let hint = "end it with `break`, or loop over what there is to do";
                self.findings.push(report::error(
                    "C008",
                    self.program.span(endless.test.as_ref()),
                    "the loop has no end",
                    hint,
                ));
            }
            Stmt::FunctionDef(_) => {
                let outer = std::mem::take(&mut self.guarded);
                visitor::walk_stmt(self, statement);
                self.guarded = outer;
                return;
            }
            _ => {}
        }
        visitor::walk_stmt(self, statement);
    }

    fn visit_except_handler(&mut self, handler: &'a ExceptHandler) {
        let ExceptHandler::ExceptHandler(caught) = handler;
        let broad = match caught.type_.as_deref() {
            None => true,
            Some(Expr::Tuple(kinds)) => kinds.elts.iter().any(is_broad),
            Some(kind) => is_broad(kind),
        };
        if broad && caught.body.iter().all(does_nothing) {
            let message = "all failures are caught and none is told";
            let hint = "catch what is expected alone, or log it and `raise`";
            self.findings.push(report::warning("C007", self.program.span(handler), message, hint));
        }
        visitor::walk_except_handler(self, handler);
    }
}

fn is_broad(kind: &Expr) -> bool {
    is_named(kind, "Exception") || is_named(kind, "BaseException")
}

fn does_nothing(statement: &Stmt) -> bool {
    match statement {
        Stmt::Pass(_) | Stmt::Continue(_) => true,
        Stmt::Expr(expr) => expr.value.is_ellipsis_literal_expr() || expr.value.is_string_literal_expr(),
        _ => false,
    }
}

/// Whether a loop may end, or at least waits: its test, a statement that leaves it, or a call that may.
fn has_end<'a>(program: &Program<'a>, endless: &'a StmtWhile) -> bool {
    let always = match endless.test.as_ref() {
        Expr::BooleanLiteral(test) => test.value,
        Expr::NumberLiteral(test) => {
            !matches!(&test.value, ruff_python_ast::Number::Int(int) if int.as_u8() == Some(0))
        }
        _ => false,
    };
    let mut ways = Ways { program, loops: 0, found: false, seen: FxHashSet::default() };
    ways.visit_body(&endless.body);
    !always || ways.found
}

/// Looks for a way out of a loop.
struct Ways<'p, 'a> {
    program: &'p Program<'a>,
    /// Loops within it, whose `break` is their own.
    loops: usize,
    found: bool,
    /// Functions that were looked into.
    seen: FxHashSet<usize>,
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
                self.seen.insert(std::ptr::from_ref(*def).addr()) && {
                    let mut inner =
                        Leaves { ways: Ways { program, loops: 1, found: false, seen: std::mem::take(&mut self.seen) } };
                    inner.visit_body(&def.body);
                    self.seen = std::mem::take(&mut inner.ways.seen);
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
