//! What programs written in a hurry do: data that is made up, failures that are hidden, loops without an end, chance without a seed.
//! Rules `C006` to `C009`.

mod loops;

use enginehouse_sdk::Finding;
use ruff_python_ast::{
    ExceptHandler, Expr, Stmt,
    visitor::{self, Visitor},
};
use ruff_text_size::{Ranged, TextRange};

use crate::{Call, Chain, Policy, Program, chain::Root, report};

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
    for call in program.calls() {
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
        if first.is_none() && !waits.iter().any(|wait| wait.contains_range(call.node.range())) {
            first = Some((call, path));
        }
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
            Stmt::While(endless) if self.guarded == 0 && !loops::has_end(self.program, endless) => {
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
