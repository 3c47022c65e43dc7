//! Filters as column expressions.

use crate::{
    plan::{Comparison, Expr, Filter, Part, Test, Value},
    text::{identifier, literal},
};

pub(super) fn render(filter: &Filter) -> String {
    match filter {
        Filter::All(filters) => joined(filters, " & "),
        Filter::Any(filters) => joined(filters, " | "),
        Filter::Not(inner) => format!("~{}", operand(inner)),
        Filter::Test(expr, found) => test(&expression(expr), found),
    }
}

pub(super) fn expression(expr: &Expr) -> String {
    let column = column(&expr.column.name);
    match expr.part {
        None => column,
        Some(Part::Year) => format!("F.year({column})"),
        Some(Part::Quarter) => format!("F.to_date(F.date_trunc(\"quarter\", {column}))"),
        Some(Part::Month) => format!("F.month({column})"),
        Some(Part::YearMonth) => format!("F.date_format({column}, \"yyyy-MM\")"),
        Some(Part::Day) => format!("F.to_date({column})"),
    }
}

/// `F.col("…")`; in backticks where Spark would read the name as more than a name.
pub(super) fn column(name: &str) -> String {
    let plain = name.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | ' ' | '-')) && !name.is_empty();
    if plain { format!("F.col({})", literal(name)) } else { format!("F.col({})", literal(&identifier(name))) }
}

fn joined(filters: &[Filter], by: &str) -> String {
    filters.iter().map(operand).collect::<Vec<_>>().join(by)
}

/// In brackets where `&`, `|` or `~` would bind tighter than what is inside.
fn operand(filter: &Filter) -> String {
    let text = render(filter);
    let binds = match filter {
        Filter::Test(_, Test::Compare(_, Value::Boolean(_))) => true,
        Filter::Test(_, test) => !matches!(test, Test::Compare(..)),
        Filter::Not(_) => true,
        _ => false,
    };
    if binds { text } else { format!("({text})") }
}

fn test(left: &str, test: &Test) -> String {
    match test {
        Test::Compare(Comparison::Equal, Value::Boolean(true))
        | Test::Compare(Comparison::NotEqual, Value::Boolean(false)) => left.to_owned(),
        Test::Compare(_, Value::Boolean(_)) => format!("~{left}"),
        Test::Compare(comparison, right) => {
            let sign = match comparison {
                Comparison::Equal => "==",
                Comparison::NotEqual => "!=",
                Comparison::Less => "<",
                Comparison::LessOrEqual => "<=",
                Comparison::Greater => ">",
                Comparison::GreaterOrEqual => ">=",
            };
            format!("{left} {sign} {}", value(right))
        }
        Test::Between(low, high) => format!("{left}.between({}, {})", value(low), value(high)),
        Test::In(values) => format!("{left}.isin({})", values.iter().map(value).collect::<Vec<_>>().join(", ")),
        Test::Contains(text) => format!("{left}.contains({})", literal(text)),
        Test::StartsWith(text) => format!("{left}.startswith({})", literal(text)),
        Test::EndsWith(text) => format!("{left}.endswith({})", literal(text)),
        Test::Null => format!("{left}.isNull()"),
        Test::True => left.to_owned(),
    }
}

fn value(value: &Value) -> String {
    match value {
        Value::Number(text) => text.clone(),
        Value::Text(text) | Value::Date(text) => literal(text),
        Value::Boolean(true) => "True".to_owned(),
        Value::Boolean(false) => "False".to_owned(),
    }
}
