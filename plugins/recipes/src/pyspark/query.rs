//! Outputs as chains of calls.

use super::{
    chain,
    filter::{column, expression},
};
use crate::{
    plan::{Aggregate, Column, Groups, Key, Kind, Measure, Query, Rows, Sort},
    text::literal,
};

/// `name = df.…`
pub(super) fn render(name: &str, query: &Query) -> String {
    match query {
        Query::Rows(rows) => chain(name, "df", &rows_calls(rows)),
        Query::Groups(groups) => chain(name, "df", &group_calls(groups)),
        Query::Describe(columns) => chain(name, "df", &describe_calls(columns)),
        Query::Schema => format!("{name} = spark.createDataFrame(df.dtypes, \"column string, type string\")"),
    }
}

fn rows_calls(rows: &Rows) -> Vec<String> {
    let mut calls = Vec::new();
    if !rows.columns.is_empty() {
        let columns: Vec<String> = rows.columns.iter().map(|found| column(&found.name)).collect();
        calls.push(format!(".select({})", columns.join(", ")));
    }
    if rows.distinct {
        calls.push(".distinct()".to_owned());
    }
    calls.extend(order(&rows.sort, rows.limit));
    calls
}

fn group_calls(groups: &Groups) -> Vec<String> {
    let mut calls = Vec::new();
    if !groups.keys.is_empty() {
        calls.push(format!(".groupBy({})", groups.keys.iter().map(key).collect::<Vec<_>>().join(", ")));
    }
    calls.push(format!(".agg({})", groups.measures.iter().map(measure).collect::<Vec<_>>().join(", ")));
    calls.extend(order(&groups.sort, groups.limit));
    calls
}

fn key(key: &Key) -> String {
    let expression = expression(&key.expr);
    if key.expr.part.is_none() && key.name == key.expr.column.name {
        return expression;
    }
    format!("{expression}.alias({})", literal(&key.name))
}

fn measure(measure: &Measure) -> String {
    let function = match measure.aggregate {
        Aggregate::Sum => "sum",
        Aggregate::Average => "avg",
        Aggregate::Least => "min",
        Aggregate::Greatest => "max",
        Aggregate::Count => "count",
        Aggregate::CountDistinct => "count_distinct",
    };
    let calculates = matches!(measure.aggregate, Aggregate::Sum | Aggregate::Average);
    let argument = match &measure.column {
        None => "F.lit(1)".to_owned(),
        Some(found) if found.kind == Kind::Unknown && calculates => format!("{}.cast(\"double\")", column(&found.name)),
        Some(found) => column(&found.name),
    };
    format!("F.{function}({argument}).alias({})", literal(&measure.name))
}

/// With a limit, empty values come last in both directions: they are neither the first nor the best.
fn order(sort: &[Sort], limit: Option<u64>) -> Vec<String> {
    let terms: Vec<String> = sort
        .iter()
        .map(|sort| match (sort.descending, limit) {
            (true, _) => format!("{}.desc()", column(&sort.name)),
            (false, Some(_)) => format!("{}.asc_nulls_last()", column(&sort.name)),
            (false, None) => column(&sort.name),
        })
        .collect();
    let order = (!terms.is_empty()).then(|| format!(".orderBy({})", terms.join(", ")));
    order.into_iter().chain(limit.map(|limit| format!(".limit({limit})"))).collect()
}

fn describe_calls(columns: &[Column]) -> Vec<String> {
    let mut calls = Vec::new();
    if !columns.is_empty() {
        // The summary has a column of its own by that name.
        let select = |found: &Column| match found.name.to_lowercase().as_str() {
            "summary" => format!("{}.alias(\"summary_\")", column(&found.name)),
            // Spark's `describe` reads names as expressions and knows no way to quote such a sign there.
            name if name.contains(['`', '.']) => {
                format!("{}.alias({})", column(&found.name), literal(&found.name.replace(['`', '.'], "_")))
            }
            _ => column(&found.name),
        };
        calls.push(format!(".select({})", columns.iter().map(select).collect::<Vec<_>>().join(", ")));
    }
    calls.push(".describe()".to_owned());
    calls
}
