//! Filters as Arrow expressions, in which nothing but `true` passes, as in SQL.

use super::code::{Code, Import};
use crate::{
    plan::{Comparison, Expr, Filter, Kind, Part, Test, Value},
    text::literal,
};

/// A statement's expression over the Arrow table `rows`.
pub(super) fn render(code: &mut Code, filter: &Filter) -> String {
    code.import(Import::Compute);
    match filter {
        Filter::All(filters) => joined(code, filters, " & "),
        Filter::Any(filters) => joined(code, filters, " | "),
        Filter::Not(inner) => format!("~({})", render(code, inner)),
        Filter::Test(expr, found) => test(code, expr, found),
    }
}

/// What an expression is of a column, given as Python.
pub(super) fn part(code: &mut Code, column: String, part: Option<Part>) -> String {
    if part.is_some() {
        code.import(Import::Compute);
        code.import(Import::Arrow);
    }
    match part {
        None => column,
        Some(Part::Year) => format!("pc.year({column})"),
        Some(Part::Quarter) => format!("pc.floor_temporal({column}, unit=\"quarter\").cast(pa.date32())"),
        Some(Part::Month) => format!("pc.month({column})"),
        Some(Part::YearMonth) => format!("pc.strftime({column}, format=\"%Y-%m\")"),
        Some(Part::Day) => format!("{column}.cast(pa.date32())"),
    }
}

fn joined(code: &mut Code, filters: &[Filter], by: &str) -> String {
    filters.iter().map(|filter| format!("({})", render(code, filter))).collect::<Vec<_>>().join(by)
}

fn test(code: &mut Code, expr: &Expr, test: &Test) -> String {
    let field = format!("pc.field({})", literal(&expr.column.name));
    let left = part(code, field, expr.part);
    let mut value = |value: &Value| scalar(code, expr, value);
    let text = |text: &str| {
        let as_text = if expr.column.kind == Kind::Text { "" } else { ".cast(\"string\")" };
        format!("{left}{as_text}, pattern={}", literal(text))
    };
    match test {
        Test::Compare(Comparison::Equal, Value::Boolean(true))
        | Test::Compare(Comparison::NotEqual, Value::Boolean(false)) => left,
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
        Test::Between(low, high) => format!("({left} >= {}) & ({left} <= {})", value(low), value(high)),
        // Not `isin`, which takes an empty cell for one that is not in the list.
        Test::In(values) => {
            values.iter().map(|found| format!("({left} == {})", value(found))).collect::<Vec<_>>().join(" | ")
        }
        Test::Contains(found) => format!("pc.match_substring({})", text(found)),
        Test::StartsWith(found) => format!("pc.starts_with({})", text(found)),
        Test::EndsWith(found) => format!("pc.ends_with({})", text(found)),
        Test::Null => format!("{left}.is_null()"),
        Test::True => left,
    }
}

/// A value of the type that it is compared with: Arrow compares no others.
fn scalar(code: &mut Code, expr: &Expr, value: &Value) -> String {
    let column = &expr.column;
    match value {
        Value::Number(number) => {
            let fits = number.contains('.') || number.parse::<i64>().is_ok();
            // Arrow finds no common type of a decimal and a whole number.
            let whole = !number.contains('.') && column.kind == Kind::Fraction && expr.part.is_none();
            if fits && !whole { number.clone() } else { format!("{number}.0").replace("..", ".") }
        }
        Value::Text(text) if column.kind != Kind::Unknown => literal(text),
        Value::Boolean(true) => "True".to_owned(),
        Value::Boolean(false) => "False".to_owned(),
        Value::Text(text) => cast(code, expr, text),
        Value::Date(text) => {
            let day = column.kind == Kind::Date || expr.part.is_some();
            cast(code, expr, text.get(..10).filter(|_| day).unwrap_or(text))
        }
    }
}

fn cast(code: &mut Code, expr: &Expr, text: &str) -> String {
    code.import(Import::Arrow);
    match expr.part {
        Some(Part::Year | Part::Month) | Some(Part::YearMonth) => literal(text),
        Some(Part::Quarter | Part::Day) => format!("pa.scalar({}).cast(pa.date32())", literal(text)),
        None => format!("pa.scalar({}).cast(rows[{}].type)", literal(text), literal(&expr.column.name)),
    }
}
