//! What goes wrong at run time or on the driver. Rules `P009`, `P013`, `P014`.

use enginehouse_pycheck::{
    Call, Program,
    ast::{
        BoolOp, Expr, Stmt, UnaryOp,
        visitor::{self, Visitor},
    },
    report,
};
use enginehouse_sdk::Finding;

use super::hops::may_be_spark;

const FUNCTIONS: &str = "pyspark.sql.functions";
/// What keeps the rows few.
const BOUNDS: &[&str] = &[
    "limit", "agg", "count", "describe", "summary", "head", "take", "tail", "groupBy", "groupby", "distinct", "first",
];
/// Builtins that `pyspark.sql.functions` has too.
const SHADOWED: &[&str] =
    &["sum", "max", "min", "abs", "round", "filter", "pow", "hash", "slice", "ascii", "bin", "hex"];

pub(super) fn check<'a>(program: &Program<'a>) -> Vec<Finding> {
    let mut findings: Vec<Finding> = Vec::new();
    for call in program.calls() {
        findings.extend(collected(program, call));
        findings.extend(shadowed(program, call));
    }
    let mut booleans = Booleans(Vec::new());
    for statement in program.syntax().body() {
        booleans.visit_stmt(statement);
    }
    for (expr, word) in booleans.0 {
        let sign = match word {
            "and" => "&",
            "or" => "|",
            _ => "~",
        };
        let operands: Vec<&'a Expr> = match expr {
            Expr::BoolOp(operation) => operation.values.iter().collect(),
            Expr::UnaryOp(operation) => vec![&operation.operand],
            _ => Vec::new(),
        };
        if operands.into_iter().any(|operand| is_column(program, operand)) {
            let message = format!("columns are combined with `{word}`");
            let hint = format!("write `{sign}`, with brackets around each comparison");
            findings.push(report::error("P014", program.span(expr), message, hint));
        }
    }
    findings
}

fn collected(program: &Program<'_>, call: &Call<'_>) -> Option<Finding> {
    let unbounded = call.chains.iter().filter(|chain| may_be_spark(chain)).find_map(|chain| {
        let name = call.called(chain).filter(|name| matches!(*name, "collect" | "toPandas" | "toLocalIterator"))?;
        let frame = chain.has("read") || chain.has("table") || chain.has("sql") || name != "collect";
        (frame && !BOUNDS.iter().any(|bound| chain.has(bound))).then(|| name.to_owned())
    })?;
    let message = format!("`{unbounded}()` brings all rows to the driver");
    Some(report::warning("P009", program.span(call.node), message, "write the frame out, or call `.limit(n)` first"))
}

fn shadowed<'a>(program: &Program<'a>, call: &Call<'a>) -> Option<Finding> {
    let Expr::Name(name) = call.node.func.as_ref() else { return None };
    let text = name.id.as_str();
    if !SHADOWED.contains(&text) {
        return None;
    }
    let named = program.imported(name).is_some_and(|path| path == format!("{FUNCTIONS}.{text}"));
    if !named && !program.may_be_starred(name, FUNCTIONS) {
        return None;
    }
    let arguments = call.node.arguments.args.as_ref();
    let plain = |expr: &&Expr| {
        matches!(
            expr,
            Expr::Generator(_)
                | Expr::ListComp(_)
                | Expr::SetComp(_)
                | Expr::List(_)
                | Expr::Tuple(_)
                | Expr::Set(_)
                | Expr::Dict(_)
                | Expr::NumberLiteral(_)
                | Expr::Lambda(_)
        ) || matches!(expr, Expr::UnaryOp(minus) if minus.operand.is_number_literal_expr())
            || is_python(program, expr)
    };
    let builtin = match text {
        "sum" | "max" | "min" => {
            arguments.len() > 1
                || arguments.first().filter(plain).is_some()
                || call.node.arguments.find_keyword("key").is_some()
        }
        "filter" => arguments.first().is_some_and(|first| first.is_lambda_expr() || first.is_none_literal_expr()),
        _ => arguments.first().filter(plain).is_some(),
    };
    let message = format!("`{text}` is Spark's function here, and is used as Python's builtin");
    let hint = format!("write `from pyspark.sql import functions as F` and `F.{text}` for columns");
    builtin.then(|| report::error("P013", program.span(call.node), message, hint))
}

/// Whether an expression is a Python value for certain: the result of a builtin.
fn is_python(program: &Program<'_>, expr: &Expr) -> bool {
    let Expr::Call(call) = expr else { return false };
    let Expr::Name(name) = call.func.as_ref() else { return false };
    let builtin =
        ["len", "range", "list", "map", "int", "float", "sorted", "zip", "enumerate"].contains(&name.id.as_str());
    builtin && program.syntax().text(call.func.as_ref()) == name.id.as_str()
}

/// Whether an expression is a column for certain: a call of a Spark function, a method of one, or a comparison with one.
fn is_column<'a>(program: &Program<'a>, expr: &'a Expr) -> bool {
    // What these answer of a column is no column.
    const PLAIN: &[&str] = &["udf", "pandas_udf", "broadcast"];
    match expr {
        Expr::Compare(compare) => {
            compare
                .ops
                .iter()
                .all(|op| !matches!(op, enginehouse_pycheck::ast::CmpOp::Is | enginehouse_pycheck::ast::CmpOp::IsNot))
                && (is_column(program, &compare.left)
                    || compare.comparators.iter().any(|right| is_column(program, right)))
        }
        Expr::Call(_) => {
            let chains = program.chains(expr);
            !chains.is_empty()
                && chains.iter().all(|chain| {
                    let function = chain
                        .path()
                        .and_then(|path| path.strip_prefix(FUNCTIONS)?.strip_prefix('.').map(str::to_owned));
                    function.is_some_and(|function| {
                        !PLAIN.contains(&function.as_str()) && chain.last().is_some_and(|hop| hop.call.is_some())
                    })
                })
        }
        _ => false,
    }
}

struct Booleans<'a>(Vec<(&'a Expr, &'static str)>);

impl<'a> Visitor<'a> for Booleans<'a> {
    fn visit_stmt(&mut self, statement: &'a Stmt) {
        visitor::walk_stmt(self, statement);
    }

    fn visit_expr(&mut self, expr: &'a Expr) {
        match expr {
            Expr::BoolOp(operation) => self.0.push((expr, if operation.op == BoolOp::And { "and" } else { "or" })),
            Expr::UnaryOp(operation) if operation.op == UnaryOp::Not => self.0.push((expr, "not")),
            _ => {}
        }
        visitor::walk_expr(self, expr);
    }
}
