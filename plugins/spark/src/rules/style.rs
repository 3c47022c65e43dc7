//! What goes wrong at run time for how Python and columns are mixed. Rules `P013` and `P014`.

use enginehouse_pycheck::{
    Call, Program,
    ast::{CmpOp, Expr},
    report,
};
use enginehouse_sdk::Finding;

use super::{kinds::Kinds, walk::Walk};

const FUNCTIONS: &str = "pyspark.sql.functions";
/// Builtins that `pyspark.sql.functions` has too.
const SHADOWED: &[&str] =
    &["sum", "max", "min", "abs", "round", "filter", "pow", "hash", "slice", "ascii", "bin", "hex"];

pub(super) fn check<'a>(program: &Program<'a>, kinds: &Kinds<'_, 'a>, walk: &Walk<'a>) -> Vec<Finding> {
    let mut findings: Vec<Finding> = program.calls().iter().filter_map(|call| shadowed(program, call)).collect();
    for (expr, operands, word) in &walk.booleans {
        if operands.iter().any(|operand| kinds.is_column(operand)) {
            let sign = match *word {
                "and" => "&",
                "or" => "|",
                _ => "~",
            };
            let message = format!("columns are combined with `{word}`");
            let hint = format!("write `{sign}`, with brackets around each comparison");
            findings.push(report::error("P014", program.span(*expr), message, hint));
        }
    }
    for test in walk.tests.iter().filter(|test| kinds.is_column(test)) {
        let message = "a column decides what Python does next, and has no single value";
        let hint = "choose by row with `F.when(condition, value).otherwise(other)`, or filter";
        findings.push(report::error("P014", program.span(*test), message, hint));
    }
    for (expr, comparison) in &walk.comparisons {
        if let ([_, _, ..], [middle, ..]) = (comparison.ops.as_ref(), comparison.comparators.as_ref())
            && (kinds.is_column(&comparison.left) || kinds.is_column(middle))
        {
            let message = "a column stands in a chain of comparisons";
            let hint = "write `column.between(low, high)`, or two comparisons with `&`";
            findings.push(report::error("P014", program.span(*expr), message, hint));
        }
        let [op] = comparison.ops.as_ref() else { continue };
        let [right] = comparison.comparators.as_ref() else { continue };
        let list = |expr: &'a Expr| {
            program.literal(expr).is_some_and(|list| matches!(list, Expr::List(_) | Expr::Tuple(_) | Expr::Set(_)))
        };
        let message = match op {
            CmpOp::Eq | CmpOp::NotEq if kinds.is_column(&comparison.left) && list(right) => {
                "a column is compared with a Python list"
            }
            CmpOp::In | CmpOp::NotIn if kinds.is_column(&comparison.left) => {
                "`in` asks Python whether it holds a column"
            }
            CmpOp::In | CmpOp::NotIn if kinds.is_column(right) => "`in` asks a column what it holds",
            _ => continue,
        };
        let hint = "write `column.isin(*values)`; for a column of arrays, `F.array_contains(column, value)`";
        findings.push(report::error("P014", program.span(*expr), message, hint));
    }
    findings
}

fn shadowed<'a>(program: &Program<'a>, call: &Call<'a>) -> Option<Finding> {
    let Expr::Name(name) = call.node.func.as_ref() else { return None };
    let text = name.id.as_str();
    if !SHADOWED.contains(&text) {
        return None;
    }
    if program.imported(name)?.strip_prefix(FUNCTIONS)?.strip_prefix('.')? != text {
        return None;
    }
    let arguments = call.node.arguments.args.as_ref();
    let plain = |expr: &'a Expr| {
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
    let plain = |expr: &'a Expr| plain(expr) || program.literal(expr).is_some_and(plain);
    let builtin = match text {
        "sum" | "max" | "min" => {
            arguments.len() > 1
                || arguments.first().is_some_and(plain)
                || call.node.arguments.find_keyword("key").is_some()
        }
        "pow" => !arguments.is_empty() && arguments.iter().all(plain),
        "filter" => arguments.first().is_some_and(|first| first.is_lambda_expr() || first.is_none_literal_expr()),
        _ => arguments.first().is_some_and(plain),
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
